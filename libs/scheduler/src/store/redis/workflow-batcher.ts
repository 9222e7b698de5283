import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { leanWorkflow, MAX_MEMBERS, type LeanWorkflow } from './codec/lean-workflow.js';
import { LaneBatcher, type Trip } from './lane-batcher.js';
import { sizeOf } from './request-size.js';

/** More than for batches: a workflow waits as many objects, and on its way as bytes. */
const LANES = [2, 3, 4, 5];
/** Payloads of so many bytes count as one more member. */
const BYTES_EACH = 16_384;

/** Sends lean workflows together: nothing about them can be refused either. */
export class WorkflowBatcher {
  private readonly trips: LaneBatcher<LeanWorkflow, void>;

  /**
   * @param send stores lean workflows; nothing else is under way on the lane
   * @param sendAlone stores one that is not lean
   */
  constructor(
    send: (workflows: readonly LeanWorkflow[], trip: Trip) => Promise<unknown>,
    private readonly sendAlone: (workflow: NewWorkflow, members: readonly NewExecution[]) => Promise<void>,
  ) {
    this.trips = new LaneBatcher(LANES, MAX_MEMBERS, (workflows, trip) => send(workflows, trip).then(() => []));
  }

  add(workflow: NewWorkflow, members: readonly NewExecution[]): Promise<void> {
    const lean = leanWorkflow(workflow, members);
    if (!lean) return this.sendAlone(workflow, members);
    return this.trips.add(lean, members.length + Math.floor(sizeOf(members) / BYTES_EACH));
  }
}
