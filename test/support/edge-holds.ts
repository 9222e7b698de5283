import type { DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import type { TaskStatus } from '../../libs/scheduler/src/core/status.js';

/** Whether an edge holds at this end of its upstream execution, as the documents say it: not the function of the engine. */
export function edgeHolds(type: DependencyType, outcome: TaskStatus): boolean {
  switch (type) {
    case 'success':
      return outcome === 'COMPLETED';
    case 'failure':
      return outcome === 'FAILED';
    case 'completion':
      return outcome === 'COMPLETED' || outcome === 'FAILED';
    case 'always':
      return true;
  }
}
