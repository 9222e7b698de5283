import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { StoreTlsMismatchError } from '../../../core/errors.js';
import type { Address, Endpoints } from './addresses.js';

/** Timeout of each probe. */
const TIMEOUT_MS = 1_000;
/** Maximum number of addresses to probe. */
const MAX_ADDRESSES = 5;
/** Errors that are clear: the address is wrong, or has no server. */
const CLEAR_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES']);
const TOO_MANY = /^-ERR max number of clients/;

/** The result of a probe: an error that says what to change, a correct reply, or none. */
type Finding = Error | 'ok' | 'silent';

/**
 * Finds out why a connection failed, if its error does not say, by probing the servers once.
 * @returns the error, or a clearer one: StoreTlsMismatchError, or that a server accepts no more clients
 */
export async function diagnose(error: Error, { addresses, primary }: Endpoints): Promise<Error> {
  if (CLEAR_CODES.has((error as NodeJS.ErrnoException).code ?? '')) return error;
  const probed = addresses.slice(0, MAX_ADDRESSES);
  const findings = await Promise.all(probed.map(probe));
  // If one server replies correctly, the cause is behind it: for a Sentinel, the primary.
  if (!findings.includes('ok')) return findings.find((each) => each instanceof Error) ?? error;
  if (primary === null) return error;
  const sentinel = probed[findings.indexOf('ok')]!;
  const named = await primaryOf(sentinel, primary.name, primary.password);
  const finding = named === null ? 'silent' : await probe({ ...named, tls: primary.tls });
  return finding instanceof Error ? finding : error;
}

async function probe(address: Address): Promise<Finding> {
  const { host, port, tls } = address;
  const answer = await ask({ ...address, tls: undefined }, 'PING');
  if (TOO_MANY.test(answer)) return tooManyClients(host, port);
  if (tls === undefined) {
    if (answer !== '') return 'ok';
    return (await speaksTls(host, port)) ? new StoreTlsMismatchError(host, port, true) : 'silent';
  }
  if (/^[+-]/.test(answer)) return new StoreTlsMismatchError(host, port, false);
  const tlsAnswer = await ask(address, 'PING');
  if (TOO_MANY.test(tlsAnswer)) return tooManyClients(host, port);
  return tlsAnswer === '' ? 'silent' : 'ok';
}

function tooManyClients(host: string, port: number): Error {
  return new Error(
    `max number of clients reached: raise maxclients of the server at ${host}:${port}, or close connections to it`,
  );
}

/** The address of the primary, from a Sentinel; null: it knows none. */
async function primaryOf(sentinel: Address, name: string, password = ''): Promise<Omit<Address, 'tls'> | null> {
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const login = password === '' ? '' : `AUTH ${quoted(password)}\r\n`;
  const answer = await ask(sentinel, `${login}SENTINEL GET-MASTER-ADDR-BY-NAME ${quoted(name)}`);
  const [, host, port] = /\*2\r\n\$\d+\r\n([^\r]+)\r\n\$\d+\r\n(\d+)/.exec(answer) ?? [];
  return host === undefined ? null : { host, port: Number(port) };
}

/** The first bytes of the reply to a command; '': none. */
function ask({ host, port, tls }: Address, command: string): Promise<string> {
  const isPlain = tls === undefined;
  const socket: Socket = isPlain
    ? connectPlainly({ host, port, timeout: TIMEOUT_MS })
    : connectByTls({ host, port, timeout: TIMEOUT_MS, ...tls });
  return new Promise((resolve) => {
    const end = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    let answer = '';
    socket.on(isPlain ? 'connect' : 'secureConnect', () => socket.write(`${command}\r\n`));
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      // The reply to AUTH comes first.
      if (!command.startsWith('AUTH') || answer.split('\r\n').length > 2) end(answer);
    });
    for (const event of ['timeout', 'error', 'close']) socket.on(event, () => end(answer));
  });
}

function speaksTls(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent, so the certificate does not matter.
    const socket = connectByTls({ host, port, timeout: TIMEOUT_MS, rejectUnauthorized: false });
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.on('secureConnect', () => end(true));
    for (const event of ['timeout', 'error', 'close']) socket.on(event, () => end(false));
  });
}
