import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import { ConsoleError } from '../console-error.js';

export const MAX_BODY_BYTES = 1_048_576;
const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip);

/**
 * Reads a body as UTF-8, optionally compressed with gzip or deflate, of at most 1 MiB.
 * @param ms time to receive it
 * @throws ConsoleError PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE, INVALID_JSON
 */
export async function readBody(stream: Readable, headers: IncomingHttpHeaders, ms: number): Promise<string> {
  const coding = (headers['content-encoding'] ?? 'identity').toLowerCase();
  if (!['identity', 'gzip', 'deflate'].includes(coding)) {
    const detail = `content-encoding ${JSON.stringify(coding.slice(0, 80))}; allowed: gzip, deflate, or none`;
    throw new ConsoleError('UNSUPPORTED_MEDIA_TYPE', 415, detail);
  }
  const bytes = await collect(stream, ms);
  const plain = coding === 'identity' ? bytes : await unpack(bytes);
  try {
    // Keeps a byte order mark, which is not JSON.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    throw notJson('the body is not UTF-8');
  }
}

/**
 * After a rejection the rest is read and dropped, so the sender receives the response; a sender that has not finished
 * at the end of the time is disconnected.
 */
function collect(stream: Readable, ms: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // It was read before, or the sender has gone: no event will follow.
    if (stream.readableEnded || stream.destroyed) return void reject(notJson('the body is incomplete'));
    const timer = setTimeout(() => {
      if (size > MAX_BODY_BYTES) stream.destroy();
      reject(new ConsoleError('REQUEST_TIMEOUT', 408, `the body was not received within ${ms} ms`));
    }, ms);
    const gone = (): void => {
      clearTimeout(timer);
      reject(notJson('the body is incomplete'));
    };
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) return void chunks.push(chunk);
      chunks.length = 0;
      reject(tooLarge());
    });
    stream.once('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    stream.once('error', gone);
    stream.once('close', gone);
  });
}

async function unpack(bytes: Buffer): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? tooLarge()
      : notJson('the body does not match its content-encoding');
  }
}

function tooLarge(): ConsoleError {
  return new ConsoleError('PAYLOAD_TOO_LARGE', 413, `the body is too large; allowed: ${MAX_BODY_BYTES} bytes`);
}

function notJson(detail: string): ConsoleError {
  return new ConsoleError('INVALID_JSON', 400, detail);
}
