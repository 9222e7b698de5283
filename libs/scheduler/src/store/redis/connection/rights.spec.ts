import { expect, it } from '@jest/globals';
import { commandsOf } from './rights.js';

it('finds the commands in Lua sources, however they are called', () => {
  const text = `local call = redis.call
    call('HGET', 'a')
    redis.pcall( "zadd", 'b')
    recall('NO')
    call(name)
    redis.call('HGET', 'b') tostring(call('TIME')[1])`;
  expect(commandsOf(text)).toEqual(['hget', 'time', 'zadd']);
});
