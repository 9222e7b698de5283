import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Command } from 'ioredis';
import { encodeScript, ScriptCall, scriptCommandOf, scriptHead, type ScriptArgument } from './script-command.js';

const SHA = 'a'.repeat(40);

/** What the client itself would send. */
function byClient(name: 'evalsha' | 'eval', script: string, key: string, args: readonly ScriptArgument[]): Buffer {
  return Buffer.from(new Command(name, [script, '1', key, ...args]).toWritable({}));
}

describe('encodeScript', () => {
  const argument = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme-ascii' }),
    // Beyond these the client writes integers that doubles cannot distinguish.
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noInteger: true }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );

  it('sends the same bytes as the client, for any arguments', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(argument), (key, args) => {
        const wire = encodeScript(scriptHead('evalsha', SHA), key, args);
        expect(wire.equals(byClient('evalsha', SHA, key, args))).toBe(true);
      }),
    );
  });

  it('sends text that is not ASCII', () => {
    const text = '#!lua\n-- „é“ 😀\nreturn 1';
    expect(encodeScript(scriptHead('eval', text), '{a}', ['x'])).toEqual(byClient('eval', text, '{a}', ['x']));
  });
});

describe('a script command', () => {
  const ScriptCommand = scriptCommandOf(Command);

  it('records whether it was sent, and hides its arguments', () => {
    const command = new ScriptCommand('evalsha', scriptHead('evalsha', SHA), new ScriptCall('{a}', ['canary']));
    expect(command.isWritten).toBe(false);
    expect(command.args).not.toContain('canary');
    expect(Buffer.from(command.toWritable({})).toString()).toContain('canary');
    expect(command.isWritten).toBe(true);
  });

  it('is resent unchanged, by digest or by text', () => {
    const call = new ScriptCall('{a}', ['é', Buffer.from([255]), 7]);
    const head = scriptHead('evalsha', SHA);
    const first = call.encode(head);
    expect(call.encode(head)).toEqual(first);
    expect(call.encode(scriptHead('eval', '-- é'))).toEqual(
      byClient('eval', '-- é', '{a}', ['é', Buffer.from([255]), 7]),
    );
    expect(call.encode(head)).toEqual(first);
  });

  it('belongs to the slot of its key', () => {
    const command = new ScriptCommand('evalsha', scriptHead('evalsha', SHA), new ScriptCall('{a}x', ['1', '{b}']));
    expect(command.getSlot()).toBe(new Command('get', ['{a}']).getSlot());
  });
});
