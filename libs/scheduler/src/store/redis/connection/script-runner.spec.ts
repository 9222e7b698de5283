import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { Command } from 'ioredis';
import { ManualClock } from '../../../testing/manual-clock.js';
import type { Client } from './open-client.js';
import { scriptCommandOf, type ScriptCommand } from './script-command.js';
import { ScriptRunner } from './script-runner.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Keeps the commands that it is given; replies come when a test makes them. */
class Connection extends EventEmitter {
  readonly isCluster = false;
  readonly options = {};
  readonly sent: ScriptCommand[] = [];
  connect = () => Promise.resolve();
  disconnect = () => undefined;
  sendCommand(command: ScriptCommand): void {
    command.toWritable({});
    this.sent.push(command);
  }
}

it('a late reply of a lost connection does not answer the call that was resent', async () => {
  const clock = new ManualClock();
  const connections: Connection[] = [];
  const open = (): Promise<Client> => {
    connections.push(new Connection());
    return Promise.resolve(connections.at(-1) as unknown as Client);
  };
  const source = { name: 'count', text: '', sha: '', function: 'count', readOnly: false };
  const library = { name: 'test', text: '', scripts: new Map([['count', source]]) };
  const runner = new ScriptRunner(open, () => scriptCommandOf(Command), library, clock);
  runner.start();
  await turn();
  const reply = runner.run('count', 'key', [], true);
  connections[0]!.emit('end');
  clock.advance(1_000);
  await turn();
  const [first, second] = connections.map(({ sent }) => sent[0]!);
  first!.reject(new Error("ERR unknown command 'fcall'"));
  await turn();
  expect(connections[1]!.sent).toEqual([second]);
  second!.resolve(1);
  expect(await reply).toBe(1);
  await runner.close(0);
});
