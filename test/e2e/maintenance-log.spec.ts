import { afterEach, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { EventHub } from '../../libs/scheduler/src/events/event-hub.js';
import { closeApps, SILENT, startModule } from '../support/app.js';

afterEach(closeApps);

const time = 0;
const CASES: [effect: Effect, level: 'warn' | 'error', line: string][] = [
  [
    { kind: 'clockStep', by: 7_200_000, time },
    'error',
    "the store's clock went back by 7200 s; deadlines were adjusted",
  ],
  [
    { kind: 'clockStep', by: -5_250, time },
    'error',
    "the store's clock went forward by 5.3 s; deadlines were adjusted",
  ],
  [
    { kind: 'returned', workerId: 'w1', count: 3, time },
    'warn',
    '3 runs that worker w1 does not hold went back to their queues',
  ],
  [
    { kind: 'rewound', workerId: null, count: 4, time },
    'error',
    'the store came back with older data: 4 acknowledged executions are lost',
  ],
  [
    { kind: 'rewound', workerId: 'w1', count: 5, time },
    'error',
    'the store came back with older data: 5 acknowledged requests of worker w1 are lost',
  ],
  [
    { kind: 'setAside', step: 'rescue', id: 'x1', error: 'no record', time },
    'error',
    'rescue: x1 could not be processed and was set aside: no record',
  ],
];

it.each(CASES)('what an operator must know is logged: %j', async (effect, level, line) => {
  const lines: string[] = [];
  const keep =
    (of: string) =>
    (text: unknown): void =>
      void lines.push(`${of}: ${String(text)}`);
  const logger: LoggerService = { ...SILENT, warn: keep('warn'), error: keep('error') };
  const module = await startModule({}, { autoStart: false }, logger);
  lines.length = 0;
  // As the store reports it.
  const hub = module.get<{ dispatch: (effects: Effect[]) => void }>(EventHub, { strict: false });
  hub.dispatch([effect]);
  expect(lines).toEqual([`${level}: ${line}`]);
});
