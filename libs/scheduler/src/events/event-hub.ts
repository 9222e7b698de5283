import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Effect } from '../core/effects.js';
import { TASK_STORE, type StoreLifecycle } from '../store/task-store.js';

type Listener = (effects: readonly Effect[]) => void;

/**
 * The one ear at the store: hands each batch of effects to those inside this process, in the order of the
 * transitions, even when a listener causes further ones. A listener that throws harms nobody else.
 */
@Injectable()
export class EventHub {
  private readonly logger = new Logger('SchedulerEvents');
  private readonly listeners = new Set<Listener>();
  private readonly queue: (readonly Effect[])[] = [];
  private telling = false;
  private readonly unsubscribe: () => void;

  constructor(@Inject(TASK_STORE) store: StoreLifecycle) {
    this.unsubscribe = store.subscribe((effects) => this.tell(effects));
  }

  /** @returns ends the listening */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  close(): void {
    this.unsubscribe();
    this.listeners.clear();
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
