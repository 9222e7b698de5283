import { afterAll, beforeAll } from '@jest/globals';
import { startRedis, type RedisServer } from './redis-server.js';

/** Starts a server for the tests of a file or block, and stops it after them. @returns the server, while they run */
export function suiteServer(): () => RedisServer {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  return () => server;
}
