import { describe, expect, it } from '@jest/globals';
import { toErrorInfo } from './failure.js';
import { Redaction } from './redaction.js';
import { cpuTime } from '../../../../test/support/cpu-time.js';

const redaction = new Redaction(['iban']);

describe('secrets of a payload', () => {
  it('are the values under secret keys, at any depth, the longest first', () => {
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

  it('are found in texts unchanged, in JSON and in URLs', () => {
    const secrets = redaction.secretsOf({ password: 'a "b"/c', token: 'a "b"/c and more' });
    const forms = ['a "b"/c and more!', JSON.stringify({ x: 'a "b"/c' }), encodeURIComponent('a "b"/c')];
    expect(forms.map((text) => redaction.text(text, secrets))).toEqual(['[redacted]!', '{"x":"[redacted]"}', '[redacted]']); // prettier-ignore
  });
});

describe('a name', () => {
  it.each(
    `password dbPassword db_password userPassword newPassword passwordHash DB_PASS smtpPass PGPASSWORD MYSQL_PWD pwd passphrase passcode
    passwords token accessToken access_token refreshToken idToken authToken auth_token bearerToken sessionToken csrfToken csrf-token apiToken
    BOT_TOKEN tokens token2 secret clientSecret client_secret secrets appSecret webhookSecret jwtSecret JWT_SECRET jwt
    AWS_SECRET_ACCESS_KEY awsSecretAccessKey accessKeyId access_key apiKey api_key apikey API-KEY x-api-key X_API_KEY apiKeys
    OPENAI_API_KEY stripeApiKey privateKey private_key PRIVATE-KEY sshKey signingKey encryptionKey masterKey credentials dbCredentials creds auth
    authorization Authorization Proxy-Authorization cookie cookies set-cookie Set-Cookie sessionId session_id connectionString connection_string
    AZURE_STORAGE_CONNECTION_STRING dsn SENTRY_DSN otp totp pin cvv creditCardNumber ssn hmacKey accountKey IBAN customerIban ibans`.split(
      /\s+/,
    ),
  )('%s is secret', (name) => expect([name, redaction.isSecret(name)]).toEqual([name, true]));

  it.each(
    `fencingToken fencing_token leaseToken nextPageToken maxTokens tokenCount totalTokens prompt_tokens tokens_used tokenType tokenExpiresAt
    passwordPolicy passwordLength minPasswordLength secretName key publicKey lockKey idempotencyKey cacheKey primaryKey foreignKey keyboard
    monkey bypass compass passed passenger author authority authored authenticated secretary tokenizer pinned pinging spin session_count
    executionId taskId taskName queue priority payload result status createdAt locked sender design assign signal consignment`.split(
      /\s+/,
    ),
  )('%s is not secret', (name) => expect([name, redaction.isSecret(name)]).toEqual([name, false]));
});

describe('a text', () => {
  const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'dozjgNryP4J3jVmNHl0w5N'].join('.');
  const pem = (end: string) => `-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nhunter2==\n${end}`;

  it.each([
    ['a JSON Web Token', `got ${jwt} from it`],
    ['a private key', `key ${pem('-----END RSA PRIVATE KEY-----')} end`],
    ['a private key that is cut off', `key ${pem('')}`],
    ['a private key in JSON', JSON.stringify({ note: pem('-----END RSA PRIVATE KEY-----') })],
    ['a token of GitHub', `clone with ${'ghp_'}${'a1B2'.repeat(9)}`],
    ['a key of Stripe', `${'sk_live_'}4eC39HqLyjWDarjtT1zdp7dc is invalid`],
    ['a key of AWS', `The key ${'AKIA'}IOSFODNN7EXAMPLE does not exist`],
    ['a token of Slack', `${'xoxb-'}123456789012-abcdefABCDEF`],
    ['an option of a command', 'mysql --user app --password hunter2 --host db'],
    ['an option with two words', 'run --api-key "hunter2 x" now'],
    ['a login of curl', 'curl -u ada:hunter2 https://x.example'],
    ['a password with a slash in a URL', 'amqp://user:hun/ter2@host/vhost failed'],
    ['a password with more than that', 'connect postgres://app:a/b?c#hunter2@db:5432/x failed'],
    ['a header of another scheme', 'Authorization: Token hunter2-abc'],
    ['a name that is written together', 'PGPASSWORD=hunter2 connectionString=hunter2 awsSecretAccessKey: "hunter2"'],
    ['a quoted text with more in it', 'note: "the password=hunter2 of it"'],
    ['JSON within JSON', JSON.stringify({ body: JSON.stringify({ dbPassword: 'hunter2', n: 1 }) })],
  ])('is redacted of %s', (_what, text) => {
    const clean = redaction.text(text);
    expect(clean).toContain('[redacted]');
    expect(clean).not.toMatch(/hunter2|ter2|eyJ|MIIE|a1B2|4eC39|IOSFODNN|1234/);
    expect(redaction.text(clean)).toBe(clean);
  });

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
    'http://example.org:8080/a/b@c.js and https://example.org:443/x@y',
    'maxTokens: 4096, leaseToken: 7, passed: 12',
    'run --verbose now, task-42 - done',
    '-----BEGIN CERTIFICATE-----',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV 550e8400-e29b-41d4-a716-446655440000',
  ])('that only mentions secrets is unchanged: %s', (text) => {
    expect(redaction.text(text)).toBe(text);
  });

  it('takes time linear in its length', () => {
    for (const part of [
      'a.',
      'a:"',
      'token',
      '://',
      'bearer ',
      'a-b_c=',
      'cookie:',
      '\\"',
      'x'.repeat(64),
      'eyJ',
      'eyJ-',
      '.eyJabcdefgh',
      'ghp_',
      'sk-',
      '-----BEGIN RSA PRIVATE KEY-----',
      ' --a',
      '--',
      '://u:',
      '://u:p/',
      'authorization: ',
      'SG.',
    ]) {
      const text = part.repeat(1_000_000 / part.length);
      const took = cpuTime();
      redaction.text(text, ['nothing of it']);
      expect([part, took() < 2000]).toEqual([part, true]);
    }
  });
});

it('an error is redacted before it is cut, so no half of a secret is left', () => {
  const secret = 's'.repeat(100);
  const error = new Error(`${'x'.repeat(4050)}${secret}`);
  const { message, stack } = toErrorInfo(error, (text) => redaction.text(text, [secret]));
  expect(message).toBe(`${'x'.repeat(4050)}[redacted]`);
  expect(stack).not.toContain('ssss');
});
