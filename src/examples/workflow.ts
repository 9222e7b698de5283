import { Injectable, Module } from '@nestjs/common';
import { ScheduledTask, SchedulerModule } from 'nestjs-advanced-scheduler';
import type { TaskContext, WorkflowRequest } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

const WARDS = ['north', 'south', 'west'];
const BEDS = { north: [1, 0, 1, 1], south: [1, 1, 1, 1], west: [0, 0, 1, 0] } as Record<string, number[]>;

@Injectable()
class Census {
  @ScheduledTask('census.count')
  count({ ward }: { ward: string }): { ward: string; taken: number; beds: number } {
    const beds = BEDS[ward]!;
    return { ward, taken: beds.filter((bed) => bed === 1).length, beds: beds.length };
  }

  /** Fan-in: the results of all wards, each under the ref of its node. */
  @ScheduledTask('census.merge')
  merge(_payload: unknown, { results }: TaskContext): { taken: number; beds: number } {
    const wards = WARDS.map((ward) => results[ward] as { taken: number; beds: number });
    return {
      taken: wards.reduce((sum, { taken }) => sum + taken, 0),
      beds: wards.reduce((sum, { beds }) => sum + beds, 0),
    };
  }

  @ScheduledTask('census.publish')
  publish(_payload: unknown, { results }: TaskContext): string {
    const { taken, beds } = results['merge'] as { taken: number; beds: number };
    return `${taken} of ${beds} beds taken`;
  }

  @ScheduledTask('census.escalate')
  escalate(): string {
    return 'asked the head nurse to count by hand';
  }

  @ScheduledTask('census.clean-up')
  cleanUp(): string {
    return 'scratch data removed';
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Census] })
class WorkflowModule {}

const request: WorkflowRequest = {
  name: 'census',
  tasks: [
    // One task has three nodes here, so each needs a ref.
    ...WARDS.map((ward) => ({ ref: ward, taskId: 'census.count', payload: { ward } })),
    { ref: 'merge', taskId: 'census.merge', dependencies: WARDS.map((ref) => ({ ref, type: 'success' as const })) },
    { ref: 'publish', taskId: 'census.publish', dependencies: [{ ref: 'merge', type: 'success' }] },
    { ref: 'escalate', taskId: 'census.escalate', dependencies: [{ ref: 'merge', type: 'failure' }] },
    { ref: 'clean-up', taskId: 'census.clean-up', dependencies: [{ ref: 'publish', type: 'always' }] },
  ],
};

/** 9. A complex workflow: fan-out, fan-in, two branches and a clean-up, stored as a whole or not at all. */
export function workflow(say: Say) {
  return withScheduler(WorkflowModule, async (scheduler) => {
    const { workflowId, executions } = await scheduler.runWorkflow(request);
    const ends = await Promise.all(Object.values(executions).map((id) => scheduler.waitForExecution(id)));
    for (const { ref, status, result, rootCause } of ends)
      say(
        `${ref}: ${status} ${rootCause ? `since '${rootCause.taskId}' ended as ${rootCause.status}` : JSON.stringify(result)}`,
      );
    const run = await scheduler.getWorkflow(workflowId);
    say(`workflow '${run?.name}': ${run?.status}, ${run?.nodes.length} nodes`);
    return { run: run!, ends };
  });
}
