/** Exit codes, where they have a name in sysexits.h that of it. */
export const EXIT = { ok: 0, failed: 1, usage: 64, unavailable: 69, notPermitted: 77 } as const;

/** Ends the command with its message on standard error. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode: (typeof EXIT)[keyof typeof EXIT] = EXIT.failed,
    /** Stable code of the console or the library; null: it has none. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}
