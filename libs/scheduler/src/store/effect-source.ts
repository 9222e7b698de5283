import type { Effect, ExecutionTransition } from '../core/effects.js';

/** Where modules hear effects, in the order of their transitions. */
export interface EffectSource {
  /**
   * @param wants which transitions of executions it wants to hear of now. Default: none, only the other effects
   * @returns ends the listening
   */
  listen(
    listener: (effects: readonly Effect[]) => void,
    wants?: (transition: ExecutionTransition) => boolean,
  ): () => void;
}

/** DI token of the EffectSource. */
export const EVENT_SOURCE = Symbol.for('nestjs-advanced-scheduler:effects');
