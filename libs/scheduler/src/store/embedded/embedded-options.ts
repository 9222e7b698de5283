import { InvalidOptionError } from '../../core/errors.js';

/** Options of `store: { type: 'embedded' }`. */
export interface EmbeddedOptions {
  /**
   * The SQLite file; five more files have its path with a suffix. Default: `./data/scheduler.db`, or
   * `./data/scheduler-<namespace>.db` if a namespace is set.
   */
  path?: string;
  /**
   * `always`: acknowledged changes are on disk. `interval`: they are on disk at most 100 ms later; a power cut loses those of
   * that time, the end of the process does not. Default `always`.
   */
  sync?: 'always' | 'interval';
}

/** @throws InvalidOptionError naming the option */
export function resolveEmbeddedOptions(options: EmbeddedOptions, namespace: string): Required<EmbeddedOptions> {
  const {
    path = `./data/scheduler${namespace === 'default' ? '' : `-${namespace}`}.db`,
    sync = 'always',
    ...rest
  } = options;
  for (const [key, value] of Object.entries(rest))
    throw new InvalidOptionError(`store.${key}`, value, 'path and sync only');
  if (typeof path !== 'string' || path.trim() === '' || path.includes('\0') || path.startsWith(':'))
    throw new InvalidOptionError('store.path', path, 'the path of a file');
  if (sync !== 'always' && sync !== 'interval')
    throw new InvalidOptionError('store.sync', sync, "'always', 'interval'");
  return { path, sync };
}
