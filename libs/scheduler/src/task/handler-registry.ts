import { Injectable } from '@nestjs/common';
import { DuplicateHandlerError } from '../core/errors.js';
import type { TaskContext } from './task-context.js';

/** Runs a task's handler. */
export type TaskHandler = (payload: unknown, ctx: TaskContext) => unknown;

/** Where a handler is declared, for messages. */
export interface HandlerPlace {
  /** 'ReportService.generate' */
  place: string;
  /** The module that provides it. */
  moduleName: string;
}

/** The handlers of this process by funcPath. */
@Injectable()
export class HandlerRegistry {
  private readonly handlers = new Map<string, { handler: TaskHandler; at: HandlerPlace }>();

  /** @throws DuplicateHandlerError if another place has the funcPath */
  add(funcPath: string, handler: TaskHandler, at: HandlerPlace): void {
    const other = this.handlers.get(funcPath)?.at;
    if (other) {
      const areNamesakes = other.place === at.place;
      const places = [other, at].map(({ place, moduleName }) => (areNamesakes ? `${place} of ${moduleName}` : place));
      throw new DuplicateHandlerError(funcPath, places);
    }
    this.handlers.set(funcPath, { handler, at });
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
