/** An idempotency key, and what it gave. */
export class KeyRow {
  constructor(
    /** With the task's id before it. */
    readonly key: string,
    readonly executionId: string,
    readonly fingerprint: string,
    /** ms of `steadyTime` */
    readonly expiresAt: number,
  ) {}
}
