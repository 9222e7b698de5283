import { io, type Socket } from 'socket.io-client';

export interface LiveEvent {
  seq: number;
  name: string;
  data: { executionId?: string; result?: unknown };
}
export interface LivePosition {
  epoch: string;
  seq: number;
}

const open: Socket[] = [];

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Opens the live channel of the console at `url`. */
export function connectLive(url: string, headers: Record<string, string>, ticket?: string): Socket {
  const { origin, pathname } = new URL(url);
  const socket = io(origin, {
    path: `${pathname.replace(/\/$/, '')}/live`,
    transports: ['websocket'],
    extraHeaders: headers,
    reconnection: false,
    forceNew: true,
    ...(ticket !== undefined && { query: { ticket } }),
  });
  open.push(socket);
  return socket;
}

/** For afterEach. */
export function closeLive(): void {
  for (const socket of open.splice(0)) socket.disconnect();
}

/** What a client hears, from the position that it is told at first. */
export async function followLive(url: string, headers: Record<string, string>) {
  const socket = connectLive(url, headers);
  const events: LiveEvent[] = [];
  const waiting: (() => void)[] = [];
  socket.on('events', (batch: LiveEvent[]) => {
    events.push(...batch);
    for (const look of [...waiting]) look();
  });
  const hello = await new Promise<LivePosition>((resolve, reject) => {
    socket.once('hello', resolve);
    socket.once('connect_error', reject);
  });
  const until = (isSo: (events: readonly LiveEvent[]) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo(events)) return;
        waiting.splice(waiting.indexOf(look), 1);
        resolve();
      };
      waiting.push(look);
      look();
    });
  return { socket, events, hello, until };
}

export const completedOf = (events: readonly LiveEvent[]): string[] =>
  events.filter(({ name }) => name === 'scheduler.execution.completed').map(({ data }) => data.executionId!);
