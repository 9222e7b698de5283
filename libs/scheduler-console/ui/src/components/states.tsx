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

const TITLES: Readonly<Record<number, string>> = {
  0: 'No connection',
  403: 'Not for your role',
  404: 'Not found',
  503: 'The store does not answer',
};

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const status = error instanceof ApiError ? error.status : null;
  const final = status === 403 || status === 404;
  return (
    <div class="state state-error" role="alert">
      <strong>{(status !== null && TITLES[status]) || 'This could not be loaded'}</strong>
      <p>{messageOf(error)}</p>
      {retry && !final && (
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
