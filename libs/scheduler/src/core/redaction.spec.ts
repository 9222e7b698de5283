import { describe, expect, it } from '@jest/globals';
import { toErrorInfo } from './failure.js';
import { Redaction } from './redaction.js';

const redaction = new Redaction(['iban']);

describe('secrets of a payload', () => {
  it('are what stands under their keys, at any depth below, the longest first', () => {
    const payload = {
      user: 'ada',
      'API-Key': 'key-12345',
      nested: [{ credentials: { login: 'a-login', codes: ['code-1', 4711] } }, { IBAN: 'CH93' }],
      token: null,
      secret: 'abc',
    };
    expect(redaction.secretsOf(payload)).toEqual(['key-12345', 'a-login', 'code-1', '4711', 'CH93']);
    expect(redaction.secretsOf('token')).toEqual([]);
    expect(redaction.secretsOf(undefined)).toEqual([]);
  });

  it('are found in texts as they are, in JSON and in URLs', () => {
    const secrets = redaction.secretsOf({ password: 'a "b"/c', token: 'a "b"/c and more' });
    const forms = ['a "b"/c and more!', JSON.stringify({ x: 'a "b"/c' }), encodeURIComponent('a "b"/c')];
    expect(forms.map((text) => redaction.text(text, secrets))).toEqual(['[redacted]!', '{"x":"[redacted]"}', '[redacted]']); // prettier-ignore
  });
});

describe('a text', () => {
  it.each([
    ['connect redis://user:hunter2@db:6379/0 failed', 'connect redis://[redacted]@db:6379/0 failed'],
    ['https://ghp_abc123@github.com/x and //x@y', 'https://[redacted]@github.com/x and //x@y'],
    ['redis://:p@ss:word@db', 'redis://[redacted]@db'],
    ['Authorization: Bearer abc.def-123456', 'Authorization: [redacted] [redacted]'],
    ['sent bearer abc.def-123456 to it', 'sent bearer [redacted] to it'],
    ['401 for Basic dXNlcjpwYXNz', '401 for Basic [redacted]'],
    ['Set-Cookie: sid=1; Path=/\nnext', 'Set-Cookie: [redacted]\nnext'],
    ['DB_PASSWORD=hunter2 X-Api-Key: K1', 'DB_PASSWORD=[redacted] X-Api-Key: [redacted]'],
    ['{"apiKey":"a\\"b","n":1}', '{"apiKey":"[redacted]","n":1}'],
    ["{ iban: 'CH93 0076', n: 1 }", "{ iban: '[redacted]', n: 1 }"],
    ['/x?access_token=abc&page=2', '/x?access_token=[redacted]&page=2'],
  ])('%s', (given, clean) => {
    expect(redaction.text(given)).toBe(clean);
    expect(redaction.text(clean)).toBe(clean);
  });

  it.each([
    'Unexpected token } in JSON at position 3',
    'invalid token: expired',
    'fencingToken: 12 is not of the present holder',
    'see https://example.org/a:b@c and mail a@b.example',
    'password must have 8 characters',
    'time: 10:30, basic: yes, monkey=banana',
  ])('that only speaks of secrets stays: %s', (text) => {
    expect(redaction.text(text)).toBe(text);
  });

  it('takes time that grows with its length', () => {
    for (const part of ['a.', 'a:"', 'token', '://', 'bearer ', 'a-b_c=', 'cookie:', '\\"', 'x'.repeat(64)]) {
      const text = part.repeat(1_000_000 / part.length);
      const begun = performance.now();
      redaction.text(text, ['nothing of it']);
      expect([part, performance.now() - begun < 2000]).toEqual([part, true]);
    }
  });
});

it('an error is cleaned before it is cut, so that no half of a secret is left', () => {
  const secret = 's'.repeat(100);
  const error = new Error(`${'x'.repeat(4050)}${secret}`);
  const { message, stack } = toErrorInfo(error, (text) => redaction.text(text, [secret]));
  expect(message).toBe(`${'x'.repeat(4050)}[redacted]`);
  expect(stack).not.toContain('ssss');
});
