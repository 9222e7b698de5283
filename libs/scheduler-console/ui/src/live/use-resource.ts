import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get, type Query } from '../api/client';
import type { LiveEvent } from '../api/types';
import { listen, liveState } from './channel';

/** Between two readings that events ask for. */
const MIN_GAP_MS = 1_000;
/** Between two readings while the live channel is down. */
const POLL_MS = 5_000;

export interface Resource<T> {
  data: T | null;
  error: unknown;
  /** Nothing is there yet and nothing failed yet. */
  loading: boolean;
  /** Reads it now. */
  refresh: () => void;
  /** Changes what is shown, until the next reading. */
  patch: (change: (data: T) => T) => void;
}

export interface ResourceOptions<T> {
  query?: Query;
  /** Which events make it out of date. Default: none. */
  staleOn?: (event: LiveEvent) => boolean;
  /** Applies events to what is shown, without a reading. */
  apply?: (data: T, events: readonly LiveEvent[]) => T;
  /** Reads again after so many ms, events or not. */
  every?: number;
  /** How it is read. Default: one GET. */
  read?: (path: string, query: Query, signal: AbortSignal) => Promise<T>;
}

/** Data of the API that follows the live channel. A reading that fails leaves what was shown, beside its error. */
export function useResource<T>(path: string, options: ResourceOptions<T> = {}): Resource<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: unknown }>({
    key: '',
    data: null,
    error: null,
  });
  const key = `${path}?${JSON.stringify(options.query ?? {})}`;
  const latest = useRef(options);
  latest.current = options;
  const trigger = useRef<() => void>(() => undefined);

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let reading = false;
    let again = false;
    let last = 0;

    async function read(): Promise<void> {
      if (reading) {
        again = true;
        return;
      }
      clearTimeout(timer);
      timer = undefined;
      reading = true;
      last = performance.now();
      const { query = {}, read: how = get<T> } = latest.current;
      try {
        const data = await how(path, query, abort.signal);
        if (!abort.signal.aborted) setState({ key, data, error: null });
      } catch (error) {
        if (!abort.signal.aborted) setState((old) => ({ key, data: old.key === key ? old.data : null, error }));
      }
      reading = false;
      if (abort.signal.aborted) return;
      if (again) soon();
      else arm();
    }
    function arm(): void {
      const after = latest.current.every ?? (liveState.peek() === 'live' ? undefined : POLL_MS);
      clearTimeout(timer);
      if (after !== undefined) timer = setTimeout(() => void read(), after);
    }
    function soon(): void {
      again = false;
      clearTimeout(timer);
      timer = setTimeout(() => void read(), Math.max(0, MIN_GAP_MS - (performance.now() - last)));
    }
    const stop = listen({
      onEvents(events) {
        const { apply, staleOn } = latest.current;
        if (apply) setState((old) => (old.data === null ? old : { ...old, data: apply(old.data, events) }));
        if (!staleOn || !events.some(staleOn)) return;
        if (reading) again = true;
        else soon();
      },
      onResync: () => void read(),
    });
    const stopWatching = liveState.subscribe((state) => {
      if (state !== 'live' && timer === undefined && !reading) arm();
    });
    trigger.current = () => void read();
    void read();
    return () => {
      stop();
      stopWatching();
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, path]);

  const current = state.key === key ? state : { data: null, error: null };
  return {
    data: current.data,
    error: current.error,
    loading: current.data === null && current.error === null,
    refresh: useCallback(() => trigger.current(), []),
    patch: useCallback(
      (change) => setState((old) => (old.data === null ? old : { ...old, data: change(old.data) })),
      [],
    ),
  };
}

/** Picks events by the beginning of their name: `on('execution', 'queue')`. */
export function on(...kinds: readonly string[]): (event: LiveEvent) => boolean {
  return ({ name }) => kinds.some((kind) => name.startsWith(`scheduler.${kind}.`));
}
