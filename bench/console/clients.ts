import { setTimeout as pause } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { answer, cpuUs } from './child.js';
import { VIEWER, type ClientReport, type ClientsApi } from './protocol.js';

/** Those who watch, in a process of their own: each reads every message, and notes the ends that it is told of. */
const PATIENCE_MS = 10_000;
const END = /^scheduler\.execution\.(completed|failed|cancelled|skipped)$/;

interface Client {
  socket: Socket;
  scheduled: number;
  ends: Set<string>;
  resyncs: string[];
  lost: boolean;
}
const clients: Client[] = [];

async function connect(url: string): Promise<void> {
  const socket = io(url, {
    path: '/live',
    transports: ['websocket'],
    extraHeaders: { authorization: `Bearer ${VIEWER.token}` },
    reconnection: false,
    forceNew: true,
  });
  const client: Client = { socket, scheduled: 0, ends: new Set(), resyncs: [], lost: false };
  socket.on('events', (events: { name: string; data: { executionId: string } }[]) => {
    for (const { name, data } of events)
      if (END.test(name)) client.ends.add(data.executionId);
      else if (name === 'scheduler.execution.scheduled') client.scheduled++;
  });
  socket.on('resync', ({ reason }: { reason: string }) => client.resyncs.push(reason));
  socket.on('disconnect', () => (client.lost = true));
  await new Promise<void>((resolve, reject) => {
    socket.once('hello', () => resolve());
    socket.once('connect_error', reject);
  });
  clients.push(client);
}

function report(ids: readonly string[]): ClientReport[] {
  return clients.map(({ ends, resyncs, lost }) => ({
    missing: ids.reduce((missing, id) => missing + (ends.has(id) ? 0 : 1), 0),
    resyncs,
    lost,
  }));
}

async function wait(isSo: () => boolean): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; !isSo() && performance.now() < deadline;) await pause(100);
}

answer<ClientsApi>({
  open: async (url, count) => {
    await Promise.all(Array.from({ length: count }, () => connect(url)));
    return { connected: clients.length };
  },
  catchUp: (count) => wait(() => clients.every(({ scheduled, resyncs }) => scheduled >= count || resyncs.length > 0)),
  check: async (ids) => {
    await wait(() => report(ids).every(({ missing, resyncs }) => missing === 0 || resyncs.length > 0));
    return report(ids);
  },
  cpuUs,
});
