import { Inject } from '@nestjs/common';
import { AdvancedTaskScheduler } from './advanced-task-scheduler.js';

/** DI token of a scheduler: the class itself for the unnamed one. */
export function getSchedulerToken(name?: string): string | typeof AdvancedTaskScheduler {
  return name ? `AdvancedTaskScheduler:${name}` : AdvancedTaskScheduler;
}

/** Injects a named scheduler, or the unnamed one. */
export function InjectScheduler(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getSchedulerToken(name));
}
