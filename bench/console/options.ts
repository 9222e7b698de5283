import { parseArgs } from 'node:util';
import { oneOf, whole } from '../options.js';

export const STORES = ['memory', 'redis'] as const;
export type StoreName = (typeof STORES)[number];

/** What `npm run bench:console` was asked for. */
export interface ConsoleBenchOptions {
  stores: readonly StoreName[];
  /** Executions that run meanwhile, beside those that the requests schedule. */
  executions: number;
  /** Requests a second. */
  rate: number;
  /** Of the requests, seconds. */
  duration: number;
  /** Clients of the live channel. */
  clients: number;
  rounds: number;
  json: string;
}

/** @throws Error that names the option, what was found and what is allowed */
export function parseConsoleOptions(args: readonly string[]): ConsoleBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', default: 'all' },
      executions: { type: 'string', default: '10000' },
      rate: { type: 'string', default: '200' },
      duration: { type: 'string', default: '20' },
      clients: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string', default: 'bench/results/console.json' },
    },
  });
  const store = oneOf('--store', values.store, [...STORES, 'all'] as const);
  return {
    stores: store === 'all' ? STORES : [store],
    executions: whole('--executions', values.executions, 1),
    rate: whole('--rate', values.rate, 1),
    duration: whole('--duration', values.duration, 1),
    clients: whole('--clients', values.clients, 1),
    rounds: whole('--rounds', values.rounds, 1),
    json: values.json,
  };
}
