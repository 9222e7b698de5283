import fc from 'fast-check';
import type { SettlementKind } from '../../libs/scheduler/src/core/commands.js';
import { DEPENDENCY_TYPES, type DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import { PRIORITIES, type TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { SETTLEMENT_KINDS } from '../contract/fixtures.js';

/** Any number: it chooses among whatever is there when the command is played. */
type Pick = number;

export interface EdgeChoice {
  upstream: Pick;
  newest: boolean;
  type: DependencyType;
  timeout: number | null;
  maxAge: number | null;
  reuse: boolean;
}

export interface ExecutionChoice {
  task: Pick;
  queue: Pick;
  priority: TaskPriority;
  delay: number;
  lock: { key: Pick; maxWait: number | null } | null;
  ttl: number | null;
  edges: readonly EdgeChoice[];
}

/** What a random run is made of. Plain data, so that a failure can be read, shrunk and played again. */
export type Command =
  | { kind: 'enqueue'; execution: ExecutionChoice; copies: number }
  | { kind: 'enqueueKeyed'; execution: ExecutionChoice; key: Pick; fingerprint: Pick }
  | { kind: 'enqueueAgain' }
  | { kind: 'workflow'; nodes: readonly { execution: ExecutionChoice; after: Pick; type: DependencyType }[] }
  | { kind: 'claim'; worker: Pick; demand: number }
  | { kind: 'settle'; worker: Pick; runs: readonly { run: Pick; how: SettlementKind }[]; delay: number; demand: number }
  | { kind: 'settleStale'; worker: Pick; run: Pick; how: SettlementKind }
  | { kind: 'replay'; worker: Pick }
  | { kind: 'cancel'; execution: Pick; grace: number }
  | { kind: 'reopen'; execution: Pick }
  | { kind: 'advance'; ms: number; promote: boolean }
  | { kind: 'crash'; worker: Pick }
  | { kind: 'rescue' }
  | { kind: 'goodbye'; worker: Pick }
  | { kind: 'pause' | 'resume'; queue: Pick }
  | { kind: 'prune' }
  | { kind: 'fire'; stale: boolean; overlap: 'allow' | 'skip' }
  | { kind: 'acquire'; key: Pick; owner: Pick; ttl: number; maxWait: number }
  | { kind: 'unlock' | 'extend'; key: Pick; owner: Pick; rightToken: boolean };

/** Records that print as they are written. */
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true });

const pick = fc.nat({ max: 999 });
const delay = fc.constantFrom(0, 0, 0, 0, 1_000, 1_000, 5_000, 30_000);
const type = fc.constantFrom(...DEPENDENCY_TYPES, 'success' as const, 'success' as const);

const edge: fc.Arbitrary<EdgeChoice> = record({
  upstream: pick,
  newest: fc.boolean(),
  type,
  timeout: fc.constantFrom(null, null, null, 5_000, 40_000),
  maxAge: fc.constantFrom(null, null, 5_000),
  reuse: fc.boolean(),
});

const execution = (edges: fc.Arbitrary<EdgeChoice[]>): fc.Arbitrary<ExecutionChoice> =>
  record({
    task: pick,
    queue: pick,
    priority: fc.constantFrom(...PRIORITIES, 2 as const, 2 as const),
    delay,
    lock: fc.option(record({ key: pick, maxWait: fc.constantFrom(null, null, null, 10_000) }), { freq: 2 }),
    ttl: fc.constantFrom(null, null, null, null, 5_000, 40_000),
    edges,
  });

const plain = execution(fc.constant([]));
/** Only a task, a queue and a level, like the members of most workflows. */
const bare = plain.map((choice) => ({ ...choice, delay: 0, lock: null, ttl: null }));
const dependent = execution(fc.array(edge, { minLength: 1, maxLength: 3 }));
const how = fc.constantFrom<SettlementKind>(...SETTLEMENT_KINDS, 'complete', 'complete', 'fail');

const COMMANDS: { weight: number; arbitrary: fc.Arbitrary<Command> }[] = [
  {
    weight: 6,
    arbitrary: record({ kind: fc.constant('enqueue'), execution: plain, copies: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 6, arbitrary: record({ kind: fc.constant('enqueue'), execution: dependent, copies: fc.constant(1) }) },
  {
    weight: 1,
    arbitrary: record({ kind: fc.constant('enqueueKeyed'), execution: plain, key: pick, fingerprint: pick }),
  },
  { weight: 1, arbitrary: record({ kind: fc.constant('enqueueAgain') }) },
  {
    weight: 2,
    arbitrary: record({
      kind: fc.constant('workflow'),
      nodes: fc.array(record({ execution: plain, after: pick, type }), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: record({
      kind: fc.constant('workflow'),
      nodes: fc.array(record({ execution: bare, after: pick, type }), { minLength: 2, maxLength: 7 }),
    }),
  },
  {
    weight: 8,
    arbitrary: record({ kind: fc.constant('claim'), worker: pick, demand: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 12,
    arbitrary: record({
      kind: fc.constant('settle'),
      worker: pick,
      runs: fc.array(record({ run: pick, how }), { minLength: 1, maxLength: 3 }),
      delay,
      demand: fc.nat({ max: 3 }),
    }),
  },
  { weight: 2, arbitrary: record({ kind: fc.constant('settleStale'), worker: pick, run: pick, how }) },
  { weight: 2, arbitrary: record({ kind: fc.constant('replay'), worker: pick }) },
  {
    weight: 3,
    arbitrary: record({
      kind: fc.constant('cancel'),
      execution: pick,
      grace: fc.constantFrom(0, 1_000, 10_000),
    }),
  },
  { weight: 3, arbitrary: record({ kind: fc.constant('reopen'), execution: pick }) },
  {
    weight: 6,
    arbitrary: record({
      kind: fc.constant('advance'),
      ms: fc.constantFrom(1, 500, 1_000, 5_000, 16_000, 31_000),
      promote: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: record({ kind: fc.constant('crash'), worker: pick }) },
  { weight: 2, arbitrary: record({ kind: fc.constant('rescue') }) },
  { weight: 1, arbitrary: record({ kind: fc.constant('goodbye'), worker: pick }) },
  { weight: 1, arbitrary: record({ kind: fc.constant('pause'), queue: pick }) },
  { weight: 2, arbitrary: record({ kind: fc.constant('resume'), queue: pick }) },
  { weight: 1, arbitrary: record({ kind: fc.constant('prune') }) },
  {
    weight: 2,
    arbitrary: record({
      kind: fc.constant('fire'),
      stale: fc.boolean(),
      overlap: fc.constantFrom('allow', 'skip'),
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      kind: fc.constant('acquire'),
      key: pick,
      owner: pick,
      ttl: fc.constantFrom(1_000, 10_000),
      maxWait: fc.constantFrom(0, 5_000, 60_000),
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      kind: fc.constantFrom('unlock', 'extend'),
      key: pick,
      owner: pick,
      rightToken: fc.boolean(),
    }),
  },
];

export const MAX_COMMANDS = 60;

export const commandSequence: fc.Arbitrary<Command[]> = fc.array(fc.oneof(...COMMANDS), {
  minLength: 1,
  maxLength: MAX_COMMANDS,
  size: 'max',
});

/** A worker that claims and dies, now and then two of them, until rescue comes for its runs. */
const disaster: fc.Arbitrary<Command[]> = fc
  .record({ worker: pick, demand: fc.integer({ min: 1, max: 4 }), twice: fc.boolean() })
  .map(({ worker, demand, twice }) => [
    ...[worker, worker + 1].slice(twice ? 0 : 1).flatMap((each): Command[] => [
      { kind: 'claim', worker: each, demand },
      { kind: 'crash', worker: each },
    ]),
    { kind: 'advance', ms: 16_000, promote: false },
    { kind: 'rescue' },
  ]);

/** Repeated crashes with a few commands in between: executions that reach the limit of crashes. */
export const crashingSequence: fc.Arbitrary<Command[]> = fc
  .array(fc.tuple(fc.array(fc.oneof(...COMMANDS), { maxLength: 6, size: 'max' }), disaster), {
    minLength: 3,
    maxLength: 7,
  })
  .map((parts) => parts.flat(2));
