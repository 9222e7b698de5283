import type { LockNeed } from '../../core/commands.js';
import type { ExecutionTransition } from '../../core/effects.js';
import type { TaskAttempt } from '../../core/execution.js';
import type { ErrorInfo } from '../../core/failure.js';
import type { Verb } from '../../core/state-machine.js';
import type { TaskStatus } from '../../core/status.js';
import * as edges from './edges.js';
import * as history from './history.js';
import * as queue from './queue.js';
import { Deadline, type Row, type WorkflowRow } from './rows.js';
import { State } from './state.js';
import { move, tell } from './transition.js';

/** The state with all that the engine asks of it. */
export class MemoryState extends State {
  move(row: Row, verb: Verb, status: TaskStatus): void {
    move(this, row, verb, status);
  }

  emitExecution(row: Row, transition: ExecutionTransition): void {
    tell(this, row, transition, this.now);
  }

  countEnd(row: Row): void {
    history.count(this, row, this.now);
  }

  makeError(name: string, message: string, code: string): ErrorInfo {
    return { name, message, stack: null, code };
  }

  addRecentError(row: Row, error: ErrorInfo): void {
    history.rememberError(this, row, error, this.now);
  }

  endRun(row: Row): void {
    row.list!.remove(row);
    row.queue.running--;
    if (row.queue.rules.concurrency !== null) this.woken.add(row.queue.name);
    row.worker = null;
    const { extra } = row;
    if (extra === null) return;
    if (extra.bound) this.bounds.remove(extra.bound);
    if (extra.grace) this.graces.remove(extra.grace);
    extra.bound = extra.grace = null;
  }

  addAttempt(row: Row, outcome: TaskAttempt['outcome'], error: ErrorInfo | undefined): void {
    history.recordAttempt(row, outcome, error ?? null, this.now);
  }

  setCancelDeadline(row: Row, at: number): void {
    const deadline = new Deadline(at, this.nextNumber(), row);
    row.more().grace = deadline;
    this.graces.push(deadline);
  }

  requireLock(row: Row, lock: LockNeed): void {
    row.more().lock = lock;
  }

  pushHead(row: Row): void {
    queue.pushHead(this, row);
  }

  pushTail(row: Row): void {
    queue.pushTail(this, row);
  }

  delay(row: Row): void {
    queue.delay(this, row);
  }

  block(row: Row): void {
    queue.waitForDependencies(this, row);
  }

  leave(row: Row): void {
    queue.leave(this, row);
  }

  setKept(row: Row): void {
    row.place = 'kept';
  }

  retire(row: Row): void {
    history.retire(this, row, this.now);
  }

  unretire(row: Row): void {
    history.keep(this, row);
  }

  releaseUpstreams(row: Row): void {
    if (row.extra !== null) edges.letGo(this, row, this.now);
  }

  reattach(row: Row): void {
    edges.takeUp(this, row, this.now);
  }

  propagate(row: Row, isReopened: boolean): void {
    edges.spread(this, row, isReopened);
  }

  retireWorkflow(workflow: WorkflowRow): void {
    history.retireWorkflow(this, workflow, this.now);
  }

  unretireWorkflow(workflow: WorkflowRow): void {
    history.keepWorkflow(this, workflow);
  }
}
