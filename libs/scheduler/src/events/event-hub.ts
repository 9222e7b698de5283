import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Effect, ExecutionTransition } from '../core/effects.js';
import type { EffectSource } from '../store/effect-source.js';
import { TASK_STORE, type StoreLifecycle } from '../store/task-store.js';

type Listener = (effects: readonly Effect[]) => void;
type IsNeeded = (transition: ExecutionTransition) => boolean;

/**
 * The only subscriber of the store in this process. Passes each batch of effects to all listeners, in the order of the
 * transitions, even if a listener causes further ones. A listener that throws does not affect the others.
 */
@Injectable()
export class EventHub implements EffectSource {
  private readonly logger = new Logger('SchedulerEvents');
  private readonly listeners = new Set<Listener>();
  private readonly filters: IsNeeded[] = [];
  private readonly queue: (readonly Effect[])[] = [];
  private isDispatching = false;
  private readonly unsubscribe: () => void;

  constructor(@Inject(TASK_STORE) store: StoreLifecycle) {
    this.unsubscribe = store.subscribe(
      (effects) => this.dispatch(effects),
      (transition) => this.isSubscribed(transition),
    );
  }

  /**
   * @param isNeeded the transitions of executions that the listener currently needs. Default: none, only the other effects
   * @returns removes the listener
   */
  listen(listener: Listener, isNeeded?: IsNeeded): () => void {
    this.listeners.add(listener);
    if (isNeeded) this.filters.push(isNeeded);
    return () => {
      this.listeners.delete(listener);
      if (isNeeded) this.filters.splice(this.filters.indexOf(isNeeded), 1);
    };
  }

  close(): void {
    this.unsubscribe();
    this.listeners.clear();
  }

  private isSubscribed(transition: ExecutionTransition): boolean {
    for (const isNeeded of this.filters) if (isNeeded(transition)) return true;
    return false;
  }

  private dispatch(effects: readonly Effect[]): void {
    this.queue.push(effects);
    if (this.isDispatching) return;
    this.isDispatching = true;
    for (let batch = this.queue.shift(); batch; batch = this.queue.shift()) {
      for (const listener of this.listeners) {
        try {
          listener(batch);
        } catch (error) {
          this.logger.error(`a listener failed: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    this.isDispatching = false;
  }
}
