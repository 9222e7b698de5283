import {
  SchedulerError,
  StoreAccessError,
  StoreFullError,
  StoreLoadingError,
  StoreReadonlyError,
  StoreScriptError,
  StoreTlsError,
  StoreTlsMismatchError,
  StoreUnavailableError,
} from '../../../core/errors.js';
import { isLateReply } from './stamp.js';

/**
 * What an error of the client means for the call it answers.
 * - `script-missing`: bring the text.
 * - `refused`: nothing happened, and asking again is of no use now.
 * - `later`: nothing happened, and it may pass.
 * - `demoted`: nothing happened; this is no primary, so find the one that is.
 * - `late`: nothing happened; the store took the request for one that nobody waits for.
 * - `lost`: the connection broke; it may have happened.
 */
export type Verdict = 'script-missing' | 'refused' | 'later' | 'late' | 'demoted' | 'lost';

const MISSING = /^(?:NOSCRIPT\b|ERR Function not found)/;
const DEMOTED = /^(?:READONLY|MASTERDOWN|UNBLOCKED)\b|^Too many Cluster redirections/;
// ASK: the slot is on its way to another node. A script's keys would be half here, half there, so it waits.
const LATER = /^(?:LOADING|BUSY|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|ASK)\b/;
const ACCESS = /^(?:NOAUTH|WRONGPASS|NOPERM)\b|invalid password|invalid username-password/i;
const TLS = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
  ...['CERT_UNTRUSTED', 'CERT_REJECTED', 'CERT_REVOKED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
]);

/** Whether the server says that it is no primary (any more). */
export function isDemotion(message: string): boolean {
  return DEMOTED.test(message);
}

/** Renamed, or not in our rights. */
export function isForbidden(error: unknown): boolean {
  return /^(?:NOPERM\b|ERR unknown command|ERR unknown subcommand)/i.test((error as Error).message);
}

/** Whether the server knows no functions, or forbids them to us. */
export function areFunctionsRefused(message: string): boolean {
  return /^(?:NOPERM|ERR unknown command)\b.*['`](?:fcall|function(?:\|load)?)['`]/i.test(message);
}

export function judge(error: Error): Verdict {
  const { message } = error;
  if (MISSING.test(message)) return 'script-missing';
  if (isLateReply(message)) return 'late';
  if (DEMOTED.test(message)) return 'demoted';
  if (LATER.test(message)) return 'later';
  return isReply(error) ? 'refused' : 'lost';
}

/**
 * The typed error for one of the client's. It never carries the command, its arguments or a secret.
 * @param script name of the script that was asked for, or null where a connection was
 */
export function toStoreError(error: Error, script: string | null): SchedulerError {
  if (error instanceof SchedulerError) return error;
  const { message } = error;
  const reason = reasonOf(error);
  if (message.startsWith('OOM')) return new StoreFullError(reason);
  if (/^(?:READONLY|MISCONF|NOREPLICAS)\b/.test(message)) return new StoreReadonlyError(reason);
  if (message.startsWith('LOADING')) return new StoreLoadingError(reason);
  if (ACCESS.test(message)) return new StoreAccessError(reason);
  if (isTlsFailure(error)) return new StoreTlsError(reason);
  if (script !== null && judge(error) === 'refused') return new StoreScriptError(script, reason);
  return new StoreUnavailableError(reason);
}

/** Whether trying again is of no use until someone changes something. */
export function isFatalToConnect(error: Error): boolean {
  if (error instanceof StoreAccessError || error instanceof StoreTlsMismatchError) return true;
  return ACCESS.test(error.message) || isTlsFailure(error);
}

/** One short line of text without anything of the user's. */
export function reasonOf({ message, code, name, errors }: Error & { code?: string; errors?: Error[] }): string {
  // An attempt at several addresses says nothing itself: its errors stand inside.
  const text = message || errors?.map((error) => error.message).join(', ') || code || name;
  // What a server says of a command that it does not know ends with its arguments.
  const [line = ''] = text.split(/[\r\n]|, with args beginning with:/, 1);
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
}

function isTlsFailure(error: Error): boolean {
  return TLS.has((error as NodeJS.ErrnoException).code ?? '');
}

/** A reply of the server, as opposed to what the client says when the connection fails. */
function isReply(error: Error): boolean {
  return error.name === 'ReplyError';
}
