import type { ConsoleClient } from './console-client.js';
import type { Output } from './output.js';

export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  out: (text: string) => void;
  err: (text: string) => void;
}

/** What a command works with. */
export interface Tools {
  /** The console of `--url`. @throws Failure */
  client: () => ConsoleClient;
  /** Whether a console was named, by `--url` or by the environment. */
  namesConsole: () => boolean;
  output: () => Output;
  env: Terminal['env'];
}
