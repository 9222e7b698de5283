/**
 * What the design asks for, as data. A ratio is ours to BullMQ's, of the same round. Without a bound it is only shown.
 */
export interface Target {
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

/** How the cost moves with the depth of the queue; the target is on that of a whole life, added and processed. */
const GROWTH: readonly Target[] = ['depth-100k', 'depth-1m'].flatMap((scenario) =>
  GROWING.map((metric) => ({
    ...{ scenario, metric, of: 'growth' as const, since: 'depth-1k' },
    ...(metric === 'redisUs' && { atMost: 1.2 }),
  })),
);

export const TARGETS: readonly Target[] = [
  { scenario: 'process-100', metric: 'perSecond', of: 'ratio', atLeast: 6 },
  { scenario: 'process-10', metric: 'perSecond', of: 'ratio', atLeast: 5 },
  { scenario: 'process-100', metric: 'redisUs', of: 'ratio', atMost: 1 / 8 },
  { scenario: 'latency-across', metric: 'startP50', of: 'ratio', atMost: 1 / 2 },
  { scenario: 'memory', metric: 'bytes', of: 'ratio', atMost: 1 / 2 },
  { scenario: 'add-bulk', metric: 'perSecond', of: 'ratio', atLeast: 8 },
  { scenario: 'flow-create', metric: 'perSecond', of: 'ratio', atLeast: 8 },
  { scenario: 'flow-process', metric: 'perSecond', of: 'ratio', atLeast: 5 },
  ...GROWTH,
  { scenario: 'process-100', metric: 'redisUs', of: 'value', atMost: 7.5 },
  { scenario: 'process-100', metric: 'nodeUs', of: 'value', atMost: 11 },
  { scenario: 'memory', metric: 'bytes', of: 'value', atMost: 340 },
  { scenario: 'idle', metric: 'commandsPerSecond', of: 'value', atMost: 10 },
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
