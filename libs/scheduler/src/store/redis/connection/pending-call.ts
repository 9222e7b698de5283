import type { SchedulerError } from '../../../core/errors.js';
import type { Client } from './open-client.js';
import type { ScriptCall, ScriptCommand, ScriptForm } from './script-command.js';
import type { ScriptSource } from './script-source.js';

/** A verb with what is sent before its arguments. */
export interface Prepared {
  source: ScriptSource;
  /** What stands before its key, in each form that was needed. */
  readonly heads: Partial<Record<ScriptForm, string>>;
  /** Number of the last call that brought the text of the script: a later one finds it on the server. */
  loadedBy: number;
}

/** A call of a verb, until it is answered. */
export interface Call {
  readonly script: Prepared;
  readonly with: ScriptCall;
  readonly isRepeatable: boolean;
  /** Monotonic, when it was asked. */
  readonly asked: number;
  /** By the store's clock, when it was asked; '' where calls bear no stamp. */
  instant: string;
  lates: number;
  /** In turns: when it was asked, when it was last sent, from when on it may be sent. */
  readonly since: number;
  sent: number;
  from: number;
  /** Number of its sending, and how often the server did not know the script. */
  number: number;
  misses: number;
  repeats: number;
  form: ScriptForm;
  /** As it was last handed to a client. */
  command: ScriptCommand | null;
  /** It was sent and got no answer: it may have happened. */
  isDoubtful: boolean;
  /** A read that may have kept the server busy until the deadline: the same again would do so again. */
  isTooSlow: boolean;
  error: SchedulerError | null;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Who asked for a client while none was ready. */
export interface Waiter {
  readonly since: number;
  error: SchedulerError | null;
  readonly resolve: (client: Client) => void;
  readonly reject: (error: Error) => void;
}
