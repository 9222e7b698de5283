/**
 * What the design asks for, as data. A ratio is ours to BullMQ's, of the same round. Without a bound it is only shown.
 */
export interface Target {
  /** A name, or ANY: the scenario with the greatest value. */
  scenario: string;
  metric: string;
  /**
   * ratio: ours / BullMQ's; value: ours alone, the budget of engine.md; growth: ours / ours of the scenario `since`.
   */
  of: 'ratio' | 'value' | 'growth';
  since?: string;
  atLeast?: number;
  atMost?: number;
}

const GROWING = ['redisUs', 'nodeUs', 'addRedisUs', 'addNodeUs', 'processRedisUs', 'processNodeUs'];

export const ANY = '*';

/** How the cost moves with the depth of the queue; the target is on that of a whole life, added and processed. */
const GROWTH: readonly Target[] = ['depth-100k', 'depth-1m'].flatMap((scenario) =>
  GROWING.map((metric) => ({
    ...{ scenario, metric, of: 'growth' as const, since: 'depth-1k' },
    ...(metric === 'redisUs' && { atMost: 1.2 }),
  })),
);

const ratio = (scenario: string, metric: string, bound: Pick<Target, 'atLeast' | 'atMost'>): Target => ({
  ...{ scenario, metric, of: 'ratio' },
  ...bound,
});
const value = (scenario: string, metric: string, atMost: number): Target => ({
  ...{ scenario, metric, of: 'value', atMost },
});

export const TARGETS: readonly Target[] = [
  ratio('process-100', 'perSecond', { atLeast: 8 }),
  ratio('process-10', 'perSecond', { atLeast: 6 }),
  ratio('process-100', 'redisUs', { atMost: 1 / 10 }),
  ratio('add-bulk', 'perSecond', { atLeast: 8 }),
  ratio('flow-create', 'perSecond', { atLeast: 8 }),
  ratio('flow-process', 'perSecond', { atLeast: 5 }),
  ratio('latency-across', 'startP50', { atMost: 0.6 }),
  ratio('latency-same', 'startP50', { atMost: 0.6 }),
  ratio('memory', 'bytes', { atMost: 1 / 2 }),
  // Where BullMQ has been the faster one.
  ratio('add-one', 'perSecond', { atLeast: 1 }),
  ratio('add-paused', 'redisUs', { atMost: 1 }),
  ratio('retries', 'redisUs', { atMost: 0.8 }),
  ratio('cron', 'redisUs', { atMost: 1 }),
  ratio('chain', 'processPerSecond', { atLeast: 1.3 }),
  ratio('fan-in', 'addPerSecond', { atLeast: 3 }),
  ratio('fan-in', 'processPerSecond', { atLeast: 3 }),
  ...GROWTH,
  value('process-100', 'redisUs', 7.5),
  value('process-100', 'nodeUs', 11),
  value('locks-1000', 'redisUs', 90),
  value('cancel', 'redisUs', 65),
  value('memory', 'bytes', 340),
  value('idle', 'commandsPerSecond', 10),
  value(ANY, 'longestMs', 10),
];

/** undefined: it has no bound. */
export function isMet({ atLeast, atMost }: Target, value: number): boolean | undefined {
  if (atLeast !== undefined) return value >= atLeast;
  return atMost === undefined ? undefined : value <= atMost;
}

export function verdictOf({ atLeast, atMost }: Target): string {
  if (atLeast !== undefined) return `>= ${atLeast}`;
  return atMost === undefined ? '' : `<= ${Number(atMost.toFixed(3))}`;
}
