import { InvalidPriorityError } from './errors.js';

/** The five levels. Numbers in code (0 runs first), names in JSON, REST and metrics; both are accepted as input. */
export const TaskPriority = { CRITICAL: 0, HIGH: 1, NORMAL: 2, LOW: 3, BACKGROUND: 4 } as const;
export type TaskPriority = (typeof TaskPriority)[keyof typeof TaskPriority];
export type TaskPriorityName = keyof typeof TaskPriority;
/** A level by number or by name. */
export type TaskPriorityInput = TaskPriority | TaskPriorityName;

export const PRIORITY_NAMES = [
  'CRITICAL',
  'HIGH',
  'NORMAL',
  'LOW',
  'BACKGROUND',
] as const satisfies readonly TaskPriorityName[];
export const PRIORITIES = [0, 1, 2, 3, 4] as const satisfies readonly TaskPriority[];

/** @throws InvalidPriorityError for anything but 0..4 or one of the five names */
export function parsePriority(value: unknown, field = 'priority'): TaskPriority {
  // Looked up instead of returned, so that -0 becomes 0.
  const level = typeof value === 'number' ? PRIORITIES[value] : undefined;
  if (level !== undefined) return level;
  if (typeof value === 'string' && Object.hasOwn(TaskPriority, value)) return TaskPriority[value as TaskPriorityName];
  throw new InvalidPriorityError(field, value);
}

/** Adds a toJSON that shows the priority by name. */
export function withPriorityName<T extends { priority: TaskPriority }>(answer: T): T {
  return Object.defineProperty(answer, 'toJSON', {
    value: () => ({ ...answer, priority: priorityName(answer.priority) }),
    enumerable: false,
  });
}

export function priorityName(priority: TaskPriority): TaskPriorityName {
  return PRIORITY_NAMES[priority];
}
