import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Effect, ExecutionTransition } from '../core/effects.js';
import type { EffectSource } from '../store/effect-source.js';
import { TASK_STORE, type StoreLifecycle } from '../store/task-store.js';

type Listener = (effects: readonly Effect[]) => void;
type Wants = (transition: ExecutionTransition) => boolean;

/**
 * The only subscriber of the store in this process. Passes each batch of effects to all listeners, in the order of the
 * transitions, even if a listener causes further ones. A listener that throws does not affect the others.
 */
@Injectable()
export class EventHub implements EffectSource {
  private readonly logger = new Logger('SchedulerEvents');
  private readonly listeners = new Set<Listener>();
  private readonly wants: Wants[] = [];
  private readonly queue: (readonly Effect[])[] = [];
  private telling = false;
  private readonly unsubscribe: () => void;

  constructor(@Inject(TASK_STORE) store: StoreLifecycle) {
    this.unsubscribe = store.subscribe(
      (effects) => this.tell(effects),
      (transition) => this.isWanted(transition),
    );
  }

  /**
   * @param wants the transitions of executions that the listener currently needs. Default: none, only the other effects
   * @returns removes the listener
   */
  listen(listener: Listener, wants?: Wants): () => void {
    this.listeners.add(listener);
    if (wants) this.wants.push(wants);
    return () => {
      this.listeners.delete(listener);
      if (wants) this.wants.splice(this.wants.indexOf(wants), 1);
    };
  }

  close(): void {
    this.unsubscribe();
    this.listeners.clear();
  }

  private isWanted(transition: ExecutionTransition): boolean {
    for (const wants of this.wants) if (wants(transition)) return true;
    return false;
  }

  private tell(effects: readonly Effect[]): void {
    this.queue.push(effects);
    if (this.telling) return;
    this.telling = true;
    for (let batch = this.queue.shift(); batch; batch = this.queue.shift()) {
      for (const listener of this.listeners) {
        try {
          listener(batch);
        } catch (error) {
          this.logger.error(`a listener failed: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    this.telling = false;
  }
}
