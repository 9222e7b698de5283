import type { NewEdge, NewExecution, NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import type { DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import { IDEMPOTENCY_MS } from '../../libs/scheduler/src/core/limits.js';
import {
  edgeTo,
  edgeToNewest,
  idOf,
  lockOn,
  newExecution,
  newSchedule,
  TASKS,
  type NewSchedule,
} from '../contract/fixtures.js';
import type { ExecutionChoice } from './commands.js';
import type { Reference } from './reference.js';
import { DECLARED, LOCK_KEYS, LOCK_TTL, QUEUES, TICK_MS } from './config.js';

/** Upstream tasks first: an edge in the other direction could close a cycle. */
const RANK = ['parent', 'child', 'grandchild', 'uncle', 'plain', 'nightly'];

function mayWaitFor(taskId: string, upstream: string): boolean {
  return RANK.indexOf(upstream) <= RANK.indexOf(taskId);
}

/** Turns choices into executions; the same choices in the same model give the same ones. */
export class ExecutionFactory {
  private made = 0;
  private workflows = 0;
  private readonly keys = new Map<string, { executionId: string; fingerprint: string; until: number }>();

  constructor(private readonly reference: Reference) {}

  queue(pick: number): string {
    return QUEUES[pick % QUEUES.length]!;
  }

  plain(taskId: string): NewExecution {
    return newExecution({ executionId: this.nextId(), taskId, queue: 'a' });
  }

  one(choice: ExecutionChoice): NewExecution {
    const taskId = TASKS[choice.task % TASKS.length]!;
    const { lock } = choice;
    return newExecution({
      executionId: this.nextId(),
      taskId,
      queue: this.queue(choice.queue),
      priority: choice.priority,
      delay: choice.delay === 0 ? null : choice.delay,
      lock: lock && lockOn(LOCK_KEYS[lock.key % LOCK_KEYS.length]!, lock.maxWait, LOCK_TTL),
      ...(choice.ttl !== null && { ttl: choice.ttl }),
      edges: this.edges(taskId, choice),
    });
  }

  copies(choice: ExecutionChoice, count: number): NewExecution[] {
    return Array.from({ length: count }, () => this.one(choice));
  }

  keyed(choice: ExecutionChoice, key: number, fingerprint: number): NewExecution {
    return { ...this.one(choice), idempotency: { key: `key ${key % 3}`, fingerprint: `body ${fingerprint % 2}` } };
  }

  /** The execution that has used this key already; otherwise the key is now this one's. */
  knownKey(execution: NewExecution, now: number): { executionId: string; fingerprint: string } | null {
    const { key, fingerprint } = execution.idempotency!;
    const name = `${execution.taskId} ${key}`;
    const known = this.keys.get(name);
    if (known && known.until > now) return known;
    this.keys.set(name, { executionId: execution.executionId, fingerprint, until: now + IDEMPOTENCY_MS });
    return null;
  }

  /** Each node after some of those before it. */
  workflow(choices: readonly { execution: ExecutionChoice; after: number; type: DependencyType }[]): {
    workflow: NewWorkflow;
    executions: NewExecution[];
  } {
    const workflowId = `workflow-${++this.workflows}`;
    const executions: NewExecution[] = [];
    const nodes: NewWorkflow['nodes'][number][] = [];
    for (const [i, { execution, after, type }] of choices.entries()) {
      const node = this.one(execution);
      const upstream = executions.filter((up, bit) => (after >> bit) % 2 === 1 && mayWaitFor(node.taskId, up.taskId));
      const edges = upstream.map((up) => edgeTo(up.executionId, type, { taskId: up.taskId, ref: up.workflow!.ref }));
      const made = { ...node, edges, workflow: { workflowId, ref: `node${i}` } };
      executions.push(made);
      const dependsOn = edges.map(({ ref }) => ({ ref, type }));
      nodes.push({ ref: `node${i}`, executionId: made.executionId, taskId: made.taskId, dependsOn });
    }
    return { workflow: { workflowId, name: 'random', nodes }, executions };
  }

  schedule(now: number): NewSchedule {
    return newSchedule({ id: 'ticker', taskId: 'nightly', nextRunTime: now + TICK_MS });
  }

  tick(time: number): NewExecution {
    return newExecution({ executionId: `cron:ticker:${time}`, taskId: 'nightly', queue: 'b', scheduledTime: time });
  }

  /** One edge per pair: more are refused before they reach a store. */
  private edges(taskId: string, choice: ExecutionChoice): NewEdge[] | null {
    const known = [...this.reference.executions.values()].filter((e) => !e.gone && mayWaitFor(taskId, e.taskId));
    const declared = DECLARED[taskId];
    const upstreams = new Map<string, NewEdge>();
    for (const [i, { newest, upstream, type, ...details }] of choice.edges.entries()) {
      const ref = `edge${i}`;
      if (newest && declared) {
        upstreams.set(declared, edgeToNewest(declared, type, { ...details, ref }));
      } else if (known.length > 0) {
        const up = known[upstream % known.length]!;
        const isTwice = up.taskId === declared && choice.edges.some((edge) => edge.newest);
        if (!isTwice) upstreams.set(up.id, edgeTo(up.id, type, { ...details, taskId: up.taskId, ref }));
      }
    }
    const edges = [...upstreams.values()];
    return edges.length === 0 ? null : edges;
  }

  private nextId(): string {
    return idOf(++this.made);
  }
}
