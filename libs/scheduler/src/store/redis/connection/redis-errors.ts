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
 * The meaning of an error for its call.
 * - `script-missing`: send the text.
 * - `refused`: it did not run, and a repeat is useless now.
 * - `later`: it did not run; the cause is temporary.
 * - `demoted`: it did not run; the server is no longer the primary.
 * - `late`: it did not run; the store considers the request too old.
 * - `lost`: the connection broke; it may have run.
 */
export type Verdict = 'script-missing' | 'refused' | 'later' | 'late' | 'demoted' | 'lost';

const MISSING = /^(?:NOSCRIPT\b|ERR Function not found)/;
const DEMOTED = /^(?:READONLY|MASTERDOWN|UNBLOCKED)\b|^Too many Cluster redirections/;
// ASK: the slot is being migrated, and the keys of a script would be on two nodes, so it waits.
const LATER = /^(?:LOADING|BUSY|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|ASK)\b/;
const ACCESS = /^(?:NOAUTH|WRONGPASS|NOPERM)\b|invalid password|invalid username-password/i;
const TLS = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
  ...['CERT_UNTRUSTED', 'CERT_REJECTED', 'CERT_REVOKED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
]);

/** Whether the server reports that it is not the primary. */
export function isDemotion(message: string): boolean {
  return DEMOTED.test(message);
}

/** Whether a command is renamed or forbidden. */
export function isForbidden(error: unknown): boolean {
  return /^(?:NOPERM\b|ERR unknown command|ERR unknown subcommand)/i.test((error as Error).message);
}

/** Whether the server has no functions, or forbids them. */
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
 * The typed error for an error of the client. It never contains the command, its arguments or a secret.
 * @param script name of the called script; null: the error is about a connection
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

/** Whether a retry is useless until a setting is changed. */
export function isFatalToConnect(error: Error): boolean {
  if (error instanceof StoreAccessError || error instanceof StoreTlsMismatchError) return true;
  return ACCESS.test(error.message) || isTlsFailure(error);
}

/** One short line of text without data of the user. */
export function reasonOf({ message, code, name, errors }: Error & { code?: string; errors?: Error[] }): string {
  // An attempt at several addresses has no message; its nested errors have.
  const text = message || errors?.map((error) => error.message).join(', ') || code || name;
  // The error for an unknown command ends with its arguments.
  const [line = ''] = text.split(/[\r\n]|, with args beginning with:/, 1);
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
}

function isTlsFailure(error: Error): boolean {
  return TLS.has((error as NodeJS.ErrnoException).code ?? '');
}

/** A reply of the server, as opposed to an error of the client about the connection. */
function isReply(error: Error): boolean {
  return error.name === 'ReplyError';
}
