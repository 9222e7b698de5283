import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { SchedulerEventMap, SchedulerEventName } from 'nestjs-advanced-scheduler';
import type { ResolvedConsoleOptions } from './resolve-options.js';
import { CONSOLE_OPTIONS } from './tokens.js';

/** The events of the selected scheduler, of the whole fleet. */
@Injectable()
export class SchedulerEventSource {
  private readonly scheduler: string;

  constructor(
    private readonly modules: ModuleRef,
    @Inject(CONSOLE_OPTIONS) { scheduler = 'default' }: ResolvedConsoleOptions,
  ) {
    this.scheduler = scheduler;
  }

  /** From onModuleInit. @returns a function that removes the listener */
  listen<N extends SchedulerEventName>(
    names: readonly N[],
    hear: (name: N, event: SchedulerEventMap[N]) => void,
  ): () => void {
    // The emitter of the app or of the scheduler: there is exactly one.
    const emitter = this.modules.get(EventEmitter2, { strict: false });
    const listeners = names.map((name) => {
      const listener = (event: SchedulerEventMap[N]): void => {
        if (event.scheduler === this.scheduler) hear(name, event);
      };
      emitter.on(name, listener);
      return () => emitter.off(name, listener);
    });
    return () => listeners.forEach((end) => end());
  }
}
