import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { compactWorkflow, MAX_MEMBERS, type CompactWorkflow } from './codec/compact-workflow.js';
import { LaneBatcher, type Trip } from './lane-batcher.js';
import { sizeOf } from './request-size.js';

/** More than for batches: a workflow waits as many objects, and on its way as bytes. */
const LANES = [2, 3, 4, 5];
/** Payloads of so many bytes count as one more member. */
const BYTES_EACH = 16_384;

/** Sends compact workflows together: nothing about them can be refused either. */
export class WorkflowBatcher {
  private readonly trips: LaneBatcher<CompactWorkflow, void>;

  /**
   * @param send stores compact workflows; nothing else is under way on the lane
   * @param sendAlone stores one that is not compact
   */
  constructor(
    send: (workflows: readonly CompactWorkflow[], trip: Trip) => Promise<unknown>,
    private readonly sendAlone: (workflow: NewWorkflow, members: readonly NewExecution[]) => Promise<void>,
  ) {
    this.trips = new LaneBatcher(LANES, MAX_MEMBERS, (workflows, trip) => send(workflows, trip).then(() => []));
  }

  add(workflow: NewWorkflow, members: readonly NewExecution[]): Promise<void> {
    const compact = compactWorkflow(workflow, members);
    if (!compact) return this.sendAlone(workflow, members);
    return this.trips.add(compact, members.length + Math.floor(sizeOf(members) / BYTES_EACH));
  }
}
