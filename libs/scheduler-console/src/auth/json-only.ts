import type { IncomingHttpHeaders } from 'node:http';
import { ConsoleError } from '../console-error.js';

/** Whether a body follows the headers. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
}

/** Whether the content type is JSON in UTF-8. */
export function announcesJson(headers: IncomingHttpHeaders): boolean {
  return ['application/json', 'application/json;charset=utf-8'].includes(typeOf(headers));
}

/**
 * Requires JSON, which a form of another site cannot send.
 * @throws ConsoleError UNSUPPORTED_MEDIA_TYPE
 */
export function requireJson(headers: IncomingHttpHeaders): void {
  if (!hasBody(headers) || announcesJson(headers)) return;
  const found = JSON.stringify(typeOf(headers).slice(0, 80));
  throw new ConsoleError('UNSUPPORTED_MEDIA_TYPE', 415, `content-type ${found}; allowed: application/json in UTF-8`);
}

function typeOf(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').toLowerCase().replaceAll(/[\s"]/g, '');
}
