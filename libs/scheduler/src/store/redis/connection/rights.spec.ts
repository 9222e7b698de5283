import { expect, it } from '@jest/globals';
import { commandsOf } from './rights.js';

it('finds the commands of scripts, however they are called', () => {
  const script = (text: string) => ({ name: 'x', sha: '', function: '', readOnly: false, text });
  expect(
    commandsOf([
      script("local call = redis.call\ncall('HGET', 'a')\nredis.pcall( \"zadd\", 'b')\nrecall('NO')\ncall(name)"),
      script("redis.call('HGET', 'b') tostring(call('TIME')[1])"),
    ]),
  ).toEqual(['hget', 'time', 'zadd']);
});
