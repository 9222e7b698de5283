import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const src = 'libs/scheduler/src';

it('docs/events.md names every event of the code, and no other', () => {
  const transitions = /export type ExecutionTransition =([^;]+);/.exec(read(`${src}/core/effects.ts`))![1]!;
  const map = read(`${src}/events/scheduler-events.ts`)
    .split('export interface SchedulerEventMap')[1]!
    .split('\n}')[0]!;
  const inCode = [
    ...[...transitions.matchAll(/'(\w+)'/g)].map(([, transition]) => `scheduler.execution.${transition}`),
    ...[...map.matchAll(/'([\w.]+)'/g)].map(([, name]) => name!),
  ];
  const inDocument = [...read('docs/events.md').matchAll(/^\| `(scheduler\.[\w.]+)`/gm)].map(([, name]) => name!);
  expect(inDocument.sort()).toEqual(inCode.sort());
});
