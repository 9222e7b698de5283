/** One of these words in a name is enough. */
const WORDS = [
  'password', 'passwd', 'pwd', 'pass', 'passphrase', 'passcode', 'passwort', 'kennwort', 'senha', 'pin', 'secret', 'token', 'jwt', 'bearer',
  'credential', 'cred', 'authorization', 'cookie', 'apikey', 'otp', 'totp', 'hotp', 'mfa', 'cvv', 'cvc', 'ssn', 'dsn', 'hmac', 'pem', 'pfx',
]; // prettier-ignore
/** These words in this order, anywhere in a name. */
const PHRASES = [
  'api key', 'access key', 'account key', 'private key', 'priv key', 'secret key', 'signing key', 'encryption key', 'decryption key',
  'master key', 'shared key', 'storage key', 'service key', 'license key', 'ssh key', 'deploy key', 'client key', 'auth key', 'session key',
  'rsa key', 'aes key', 'ssl key', 'tls key', 'session id', 'sess id', 'connection string', 'conn string', 'conn str', 'security code',
  'recovery code', 'backup code', 'verification code', 'auth code', 'authorization code', 'code verifier', 'webhook url', 'sas url',
  'credit card', 'card number', 'security answer',
]; // prettier-ignore
/** Only as the whole name: within others they have another meaning. */
const WHOLE = ['auth', 'sid', 'sig', 'signature', 'session'];
/** In names without separators, these mean a secret anywhere. */
const WITHIN = /password|passwd|passphrase|secret(?!ar)|token(?!i[sz])|credential|apikey|accesskey|privatekey|authkey|connectionstring|sshpass|sessionid/; // prettier-ignore
/** Tokens that are counted, that grant nothing, or that mark a position in a list. */
const BEFORE_TOKEN = /^(max|min|num|number|count|total|used|remaining|input|output|prompt|completion|cached|fencing|lease|cancel|cancellation|page|next|continuation)/; // prettier-ignore
/** Words that turn a secret into a property of it, such as its length. */
const AFTER = new Set([
  'count', 'limit', 'max', 'min', 'usage', 'used', 'budget', 'length', 'len', 'size', 'ttl', 'type', 'kind', 'policy', 'expiry', 'expire',
  'expiration', 'expired', 'age', 'at', 'in', 'on', 'by', 'per', 'format', 'enabled', 'disabled', 'required', 'strength', 'endpoint', 'uri',
  'name', 'field', 'version', 'changed', 'updated', 'created', 'audience', 'issuer', 'scope', 'algorithm', 'rate',
]); // prettier-ignore
/** Names are few, and queried often. */
const REMEMBERED = 2000;

/** Names of secrets: 'dbPassword', 'AWS_SECRET_ACCESS_KEY', 'x-api-key'. */
export class SecretNames {
  private readonly phrases: ReadonlySet<string>;
  private readonly longest: number;
  /** The names added by the caller, unchanged: digits count in them. */
  private readonly own: ReadonlySet<string>;
  private readonly known = new Map<string, boolean>();

  /** @param more additional names; one without digits also matches as part of a longer name */
  constructor(more: readonly string[] = []) {
    this.own = new Set(more.map(plain));
    const parts = more.filter((name) => !/\d/.test(name)).map((name) => partsOf(name).join(' '));
    this.phrases = new Set([...WORDS, ...PHRASES, ...parts.filter((name) => name !== '')]);
    this.longest = Math.max(...[...this.phrases].map((phrase) => phrase.split(' ').length));
  }

  /** Whether a name is that of a secret. Names are split at case changes and non-letters; plurals count. */
  has(name: string): boolean {
    let found = this.known.get(name);
    if (found !== undefined) return found;
    found = this.own.has(plain(name)) || this.isSecret(partsOf(name));
    if (this.known.size >= REMEMBERED) this.known.clear();
    this.known.set(name, found);
    return found;
  }

  private isSecret(parts: readonly string[]): boolean {
    if (parts.length === 1 && WHOLE.includes(parts[0]!)) return true;
    return parts.some((part, from) => {
      for (let to = from + 1; to <= Math.min(parts.length, from + this.longest); to++)
        if (this.phrases.has(parts.slice(from, to).join(' ')) && !isAbout(parts, from, to)) return true;
      return WITHIN.test(part) && !isAbout(parts, from, from + 1);
    });
  }
}

function isAbout(parts: readonly string[], from: number, to: number): boolean {
  const isOfTokens = parts[from]!.endsWith('token');
  if (isOfTokens && (BEFORE_TOKEN.test(parts[from]!) || BEFORE_TOKEN.test(parts[from - 1] ?? ''))) return true;
  return AFTER.has(parts[to] ?? '');
}

/** 'APIKeys' and 'api_key_2' become 'api' and 'key'. */
function partsOf(name: string): string[] {
  const words = name.slice(0, 200).match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}]+/gu) ?? [];
  return words.map((word) => word.toLowerCase().replace(/(?<=..[^s])s$/, ''));
}

/** 'API-Key', 'api_key' and 'apiKey' are equal. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}
