import type { Effect, ExecutionTransition } from '../core/effects.js';

/** Emits effects to modules, in the order of their transitions. */
export interface EffectSource {
  /**
   * @param wants whether a transition of executions is needed now. Default: none, only the other effects
   * @returns ends the subscription
   */
  listen(
    listener: (effects: readonly Effect[]) => void,
    wants?: (transition: ExecutionTransition) => boolean,
  ): () => void;
}

/** DI token of the EffectSource. */
export const EVENT_SOURCE = Symbol.for('nestjs-advanced-scheduler:effects');
