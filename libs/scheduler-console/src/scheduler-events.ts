import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { SchedulerEventMap, SchedulerEventName } from 'nestjs-advanced-scheduler';
import type { ResolvedConsoleOptions } from './resolve-options.js';
import { CONSOLE_OPTIONS } from './tokens.js';

/** The events of the scheduler that is shown, of the whole fleet. */
@Injectable()
export class SchedulerEventSource {
  private readonly scheduler: string;

  constructor(
    private readonly modules: ModuleRef,
    @Inject(CONSOLE_OPTIONS) { scheduler = 'default' }: ResolvedConsoleOptions,
  ) {
    this.scheduler = scheduler;
  }

  /** From onModuleInit on. @returns ends it */
  listen<N extends SchedulerEventName>(
    names: readonly N[],
    hear: (name: N, event: SchedulerEventMap[N]) => void,
  ): () => void {
    // The app's own or the scheduler's: whichever it is, there is one.
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
