import { io, type Socket } from 'socket.io-client';
import { signal } from '@preact/signals';
import { LIVE_PATH, post } from '../api/client';
import { me } from '../api/session';
import type { LiveEvent } from '../api/types';

/** Between two deliveries to the pages: at most four renders a second, however much happens. */
const FLUSH_MS = 250;
/** Beyond it the pages read everything anew instead. */
const MAX_BUFFERED = 2_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];

export const liveState = signal<'connecting' | 'live' | 'offline'>('connecting');

export interface LiveListener {
  /** Events since the last call, oldest first. */
  onEvents(events: readonly LiveEvent[]): void;
  /** Something was missed: what is shown must be read anew. */
  onResync(): void;
}

interface Position {
  epoch: string | number;
  seq: number;
}

const listeners = new Set<LiveListener>();
let socket: Socket | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let flush: ReturnType<typeof setTimeout> | undefined;
let buffer: LiveEvent[] = [];
let missed = false;
let position: Position | null = null;
let asked = false;
let failures = 0;
let running = false;

export function listen(listener: LiveListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Opens the channel and keeps it open until `stopLive`. */
export function startLive(): void {
  if (running) return;
  running = true;
  void connect();
}

export function stopLive(): void {
  running = false;
  clearTimeout(retry);
  clearTimeout(flush);
  flush = undefined;
  buffer = [];
  position = null;
  socket?.disconnect();
  socket = null;
  liveState.value = 'connecting';
}

/** A ticket serves once, so that every connection, a repeated one too, begins by asking for one. */
async function connect(): Promise<void> {
  let ticket: string;
  try {
    ({ ticket } = await post<{ ticket: string }>('live/tickets'));
  } catch {
    again();
    return;
  }
  if (!running) return;
  const opened = io(location.origin, {
    path: LIVE_PATH,
    transports: ['websocket'],
    query: { ticket },
    reconnection: false,
    forceNew: true,
  });
  socket = opened;
  opened.on('hello', hello);
  opened.on('resync', (at: Position) => {
    position = { epoch: at.epoch, seq: at.seq };
    asked = false;
    buffer = [];
    missed = true;
    schedule();
  });
  opened.on('events', (events: ({ seq: number } & LiveEvent)[]) => events.forEach(take));
  opened.on('connect_error', () => again());
  opened.on('disconnect', () => again());
}

function hello(at: Position): void {
  failures = 0;
  liveState.value = 'live';
  if (position === null) {
    position = { epoch: at.epoch, seq: at.seq };
    // What the pages read before this moment may be out of date.
    missed = true;
    schedule();
    return;
  }
  socket?.emit('resume', position);
}

function take({ seq, name, data }: { seq: number } & LiveEvent): void {
  if (position === null || seq <= position.seq) return;
  if (seq > position.seq + 1 && !asked) {
    asked = true;
    socket?.emit('resume', position);
    return;
  }
  if (seq === position.seq + 1) asked = false;
  else return;
  position.seq = seq;
  if (buffer.length < MAX_BUFFERED) buffer.push({ name, data });
  else missed = true;
  schedule();
}

function schedule(): void {
  flush ??= setTimeout(() => {
    flush = undefined;
    const [events, resync] = [buffer, missed];
    buffer = [];
    missed = false;
    for (const listener of listeners) {
      if (resync) listener.onResync();
      else listener.onEvents(events);
    }
  }, FLUSH_MS);
}

function again(): void {
  socket?.removeAllListeners();
  socket?.disconnect();
  socket = null;
  asked = false;
  if (!running || me.value === null) return;
  liveState.value = failures === 0 ? 'connecting' : 'offline';
  clearTimeout(retry);
  const base = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)] ?? 10_000;
  // Spread, so that a fleet of pages does not come back in one moment.
  retry = setTimeout(() => void connect(), base * (0.75 + Math.random() / 2));
}
