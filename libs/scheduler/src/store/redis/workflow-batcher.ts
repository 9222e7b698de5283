import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { compactWorkflow, type CompactWorkflow } from './codec/compact-workflow.js';
import { PipelineBatcher, type RoundTrip } from './pipeline-batcher.js';
import { sizeOf } from './request-size.js';

/** More than for batches: a waiting workflow is many objects, one in flight only bytes. */
const PIPELINES = [2, 3, 4, 5];
/** Members of several workflows that one script stores; a larger workflow is sent alone. */
const MEMBERS_PER_CALL = 200;
/** Payload bytes that count as one member more. */
const BYTES_PER_UNIT = 16_384;

/** Combines compact workflows of several callers, which cannot be refused. */
export class WorkflowBatcher {
  private readonly batcher: PipelineBatcher<CompactWorkflow, void>;

  /**
   * @param send stores compact workflows; nothing else is in flight in the pipeline
   * @param sendAlone stores one that is not compact
   */
  constructor(
    send: (workflows: readonly CompactWorkflow[], roundTrip: RoundTrip) => Promise<unknown>,
    private readonly sendAlone: (workflow: NewWorkflow, members: readonly NewExecution[]) => Promise<void>,
  ) {
    this.batcher = new PipelineBatcher(PIPELINES, MEMBERS_PER_CALL, (workflows, roundTrip) =>
      send(workflows, roundTrip).then(() => []),
    );
  }

  add(workflow: NewWorkflow, members: readonly NewExecution[]): Promise<void> {
    const compact = compactWorkflow(workflow, members);
    if (!compact) return this.sendAlone(workflow, members);
    return this.batcher.add(compact, members.length + Math.floor(sizeOf(members) / BYTES_PER_UNIT));
  }
}
