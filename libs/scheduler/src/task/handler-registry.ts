import { Injectable } from '@nestjs/common';
import { DuplicateHandlerError } from '../core/errors.js';
import type { TaskContext } from './task-context.js';

/** Runs a task's handler. */
export type TaskHandler = (payload: unknown, ctx: TaskContext) => unknown;

/** The handlers of this process by funcPath. */
@Injectable()
export class HandlerRegistry {
  private readonly handlers = new Map<string, { handler: TaskHandler; place: string }>();

  /**
   * @param place where it is written, for messages: 'ReportService.generate'
   * @throws DuplicateHandlerError if another place has the funcPath
   */
  add(funcPath: string, handler: TaskHandler, place: string): void {
    const other = this.handlers.get(funcPath);
    if (other) throw new DuplicateHandlerError(funcPath, [other.place, place]);
    this.handlers.set(funcPath, { handler, place });
  }

  get(funcPath: string): TaskHandler | undefined {
    return this.handlers.get(funcPath)?.handler;
  }

  has(funcPath: string): boolean {
    return this.handlers.has(funcPath);
  }

  get size(): number {
    return this.handlers.size;
  }
}
