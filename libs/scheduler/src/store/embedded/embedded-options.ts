import { InvalidOptionError } from '../../core/errors.js';

/** Of `store: { type: 'embedded' }`. */
export interface EmbeddedOptions {
  /**
   * The SQLite file; five more that begin with its name stand beside it. Default: `./data/scheduler.db`, with the namespace
   * in it where there is one.
   */
  path?: string;
  /**
   * `always`: what is acknowledged is on the disk. `interval`: at most 100 ms behind it, so that a power cut (not the
   * death of the process) loses that much. Default `always`.
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
