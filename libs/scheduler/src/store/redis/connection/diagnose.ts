import { connect as connectPlainly } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { StoreTlsMismatchError } from '../../../core/errors.js';

/** How long the other side may take to show what it speaks. */
const PATIENCE_MS = 1_000;
/** Errors that say enough: the address is wrong, or nobody listens there. */
const CLEAR = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES']);

export interface Address {
  host: string;
  port: number;
  /** Whether it was asked by TLS. */
  tls: boolean;
}

/**
 * Why a connection to this address did not come about, where the error does not say: asks the server once, by hand.
 * @returns the error, or a clearer one: StoreTlsMismatchError, or 'max number of clients reached'
 */
export async function diagnose(error: Error, { host, port, tls }: Address): Promise<Error> {
  if (error.name === 'ReplyError' || CLEAR.has((error as NodeJS.ErrnoException).code ?? '')) return error;
  const answer = await pingPlainly(host, port);
  if (/^-ERR max number of clients/.test(answer)) return new Error('max number of clients reached (maxclients)');
  if (tls) return /^[+-]/.test(answer) ? new StoreTlsMismatchError(host, port, false) : error;
  return answer === '' && (await speaksTls(host, port)) ? new StoreTlsMismatchError(host, port, true) : error;
}

/** The first bytes of the reply to a PING; '' for none. */
function pingPlainly(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectPlainly({ host, port, timeout: PATIENCE_MS });
    const end = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => end(data.toString('latin1')));
    for (const event of ['timeout', 'error', 'close']) socket.on(event, () => end(''));
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
