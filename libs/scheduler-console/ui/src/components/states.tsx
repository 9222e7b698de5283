import type { ComponentChildren } from 'preact';
import { ApiError, messageOf } from '../api/client';
import type { Resource } from '../live/use-resource';

export function Loading({ what = 'Loading' }: { what?: string }) {
  return (
    <div class="state" role="status">
      <span class="spinner" aria-hidden="true" />
      {what} …
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state state-empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <div class="state state-error" role="alert">
      <strong>{gone ? 'Not found' : 'This could not be loaded'}</strong>
      <p>{messageOf(error)}</p>
      {retry && !gone && (
        <button class="button" type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** What is there of a resource: its data, with a line above it if the last reading failed; else why there is none. */
export function Loaded<T>({ from, children }: { from: Resource<T>; children: (data: T) => ComponentChildren }) {
  if (from.data === null) return from.error ? <Failure error={from.error} retry={from.refresh} /> : <Loading />;
  return (
    <>
      {from.error !== null && (
        <p class="notice notice-warn" role="status">
          Shown as last read: {messageOf(from.error)}
        </p>
      )}
      {children(from.data)}
    </>
  );
}
