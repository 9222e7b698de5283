import type { Effect } from '../core/effects.js';

/** Where modules hear effects, in the order of their transitions. */
export interface EffectSource {
  /** @returns ends the listening */
  listen(listener: (effects: readonly Effect[]) => void): () => void;
}

/** DI token of the EffectSource. */
export const EVENT_SOURCE = Symbol.for('nestjs-advanced-scheduler:effects');
