import { request, type OutgoingHttpHeaders } from 'node:http';

export interface RawReply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body as JSON; undefined: it is none. */
  body: any;
}

/** A request as it is written, to 127.0.0.1: clients would mend paths and headers. What is no text or bytes goes as JSON. */
export function rawRequest(
  port: number,
  method: string,
  path: string,
  body?: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<RawReply> {
  const data = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const given = data === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(data) }; // prettier-ignore
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { ...given, ...headers } }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: reply.statusCode!, headers: reply.headers, text, body: parsed(text) });
      });
      reply.on('error', reject);
    });
    asked.on('error', reject);
    asked.setTimeout(10_000, () => asked.destroy(new Error('no answer')));
    asked.end(data);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The status that an upgrade to a WebSocket at 127.0.0.1 is answered with; 101: it is let in. */
export function upgradeStatus(port: number, path: string, headers: OutgoingHttpHeaders): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      path: `${path}/?EIO=4&transport=websocket`,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    });
    asked.on('upgrade', (_reply, socket) => {
      socket.destroy();
      resolve(101);
    });
    asked.on('response', (reply) => {
      reply.resume();
      resolve(reply.statusCode!);
    });
    asked.on('error', reject);
    asked.end();
  });
}
