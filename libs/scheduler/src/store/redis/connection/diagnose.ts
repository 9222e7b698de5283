import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { StoreTlsMismatchError } from '../../../core/errors.js';
import type { Address, Entrances } from './addresses.js';

/** How long the other side may take to show what it speaks. */
const PATIENCE_MS = 1_000;
/** Addresses that are asked: of Sentinels and of a cluster the first ones. */
const ASKED = 5;
/** Errors that say enough: the address is wrong, or nobody listens there. */
const CLEAR = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES']);
const TOO_MANY = /^-ERR max number of clients/;

/** What a server shows: an error that says what to change, that it answers as it should, or nothing. */
type Finding = Error | 'well' | 'silent';

/**
 * Why a connection did not come about, where the error does not say: asks the servers once, by hand.
 * @returns the error, or a clearer one: StoreTlsMismatchError, or that a server takes no more clients
 */
export async function diagnose(error: Error, { addresses, primary }: Entrances): Promise<Error> {
  if (CLEAR.has((error as NodeJS.ErrnoException).code ?? '')) return error;
  const asked = addresses.slice(0, ASKED);
  const findings = await Promise.all(asked.map(examine));
  // One that answers as it should could have been used: what prevents the connection is behind it.
  if (!findings.includes('well')) return findings.find((each) => each instanceof Error) ?? error;
  if (primary === null) return error;
  const sentinel = asked[findings.indexOf('well')]!;
  const named = await primaryOf(sentinel, primary.name, primary.password);
  const finding = named === null ? 'silent' : await examine({ ...named, tls: primary.tls });
  return finding instanceof Error ? finding : error;
}

async function examine(address: Address): Promise<Finding> {
  const { host, port, tls } = address;
  const answer = await ask({ ...address, tls: undefined }, 'PING');
  if (TOO_MANY.test(answer)) return tooManyClients(host, port);
  if (tls === undefined) {
    if (answer !== '') return 'well';
    return (await speaksTls(host, port)) ? new StoreTlsMismatchError(host, port, true) : 'silent';
  }
  if (/^[+-]/.test(answer)) return new StoreTlsMismatchError(host, port, false);
  const secret = await ask(address, 'PING');
  if (TOO_MANY.test(secret)) return tooManyClients(host, port);
  return secret === '' ? 'silent' : 'well';
}

function tooManyClients(host: string, port: number): Error {
  return new Error(
    `max number of clients reached: raise maxclients of the server at ${host}:${port}, or close connections to it`,
  );
}

/** The address that a Sentinel names; null: it names none. */
async function primaryOf(sentinel: Address, name: string, password = ''): Promise<Omit<Address, 'tls'> | null> {
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const login = password === '' ? '' : `AUTH ${quoted(password)}\r\n`;
  const answer = await ask(sentinel, `${login}SENTINEL GET-MASTER-ADDR-BY-NAME ${quoted(name)}`);
  const [, host, port] = /\*2\r\n\$\d+\r\n([^\r]+)\r\n\$\d+\r\n(\d+)/.exec(answer) ?? [];
  return host === undefined ? null : { host, port: Number(port) };
}

/** The first bytes of the reply to a command; '' for none. */
function ask({ host, port, tls }: Address, command: string): Promise<string> {
  const isPlain = tls === undefined;
  const socket: Socket = isPlain
    ? connectPlainly({ host, port, timeout: PATIENCE_MS })
    : connectByTls({ host, port, timeout: PATIENCE_MS, ...tls });
  return new Promise((resolve) => {
    const end = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    let answer = '';
    socket.on(isPlain ? 'connect' : 'secureConnect', () => socket.write(`${command}\r\n`));
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      // The reply to a login comes first.
      if (!command.startsWith('AUTH') || answer.split('\r\n').length > 2) end(answer);
    });
    for (const event of ['timeout', 'error', 'close']) socket.on(event, () => end(answer));
  });
}

function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent over it, so that it matters to nobody who the other side is.
    const socket = connectByTls({ host, port, timeout: PATIENCE_MS, rejectUnauthorized: false });
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.on('secureConnect', () => end(true));
    for (const event of ['timeout', 'error', 'close']) socket.on(event, () => end(false));
  });
}
