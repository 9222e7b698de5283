import type { SchedulerError } from '../../../core/errors.js';
import type { Client } from './open-client.js';
import type { ScriptCall, ScriptCommand, ScriptForm } from './script-command.js';
import type { ScriptSource } from './script-source.js';

/** A verb with the encoded start of its commands. */
export interface Prepared {
  source: ScriptSource;
  /** The encoded text before the key, in each form that was used. */
  readonly heads: Partial<Record<ScriptForm, string>>;
  /** Number of the newest call that sent the text of the script: later calls find it on the server. */
  loadedBy: number;
}

/** A call of a verb without a reply yet. */
export interface Call {
  readonly script: Prepared;
  readonly with: ScriptCall;
  readonly isRepeatable: boolean;
  /** When the call was made, monotonic ms. */
  readonly askedAt: number;
  /** When the call was made, by the store's clock; '': calls have no stamp. */
  instant: string;
  lateCount: number;
  /** In turns: when it was made, when it was last sent, when it may be sent at the earliest. */
  readonly startTurn: number;
  sentTurn: number;
  notBefore: number;
  /** Number of its last sending, and how often the server did not know the script. */
  sendNumber: number;
  misses: number;
  repeats: number;
  form: ScriptForm;
  /** The command as last sent. */
  command: ScriptCommand | null;
  /** It was sent and got no reply: it may have run. */
  isOutcomeUnknown: boolean;
  /** A read that may have blocked the server until the deadline: a repeat would block it again. */
  isTooSlow: boolean;
  error: SchedulerError | null;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A request for a client while none is ready. */
export interface Waiter {
  readonly startTurn: number;
  error: SchedulerError | null;
  readonly resolve: (client: Client) => void;
  readonly reject: (error: Error) => void;
}
