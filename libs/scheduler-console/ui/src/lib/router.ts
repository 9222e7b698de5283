import { signal } from '@preact/signals';

export interface Route {
  /** Decoded segments: `#/executions/abc` is ['executions', 'abc']. */
  segments: readonly string[];
  query: Readonly<Record<string, string>>;
}

/** Where the reader is. Kept in the hash: the server serves one page, whatever the mount path. */
export const route = signal<Route>(read());

window.addEventListener('hashchange', () => {
  route.value = read();
});

function read(): Route {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const segments = path.split('/').filter(Boolean).map(decode);
  return { segments, query: Object.fromEntries(new URLSearchParams(search)) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** `href('executions', id)`; queries leave out what is empty. */
export function href(...parts: readonly (string | Record<string, string | undefined>)[]): string {
  const segments = parts.filter((part) => typeof part === 'string').map(encodeURIComponent);
  const queries = parts.filter((part) => typeof part !== 'string').flatMap((part) => Object.entries(part));
  const given = queries.filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  const search = new URLSearchParams(given).toString();
  return `#/${segments.join('/')}${search === '' ? '' : `?${search}`}`;
}

export function go(to: string): void {
  location.hash = to;
}
