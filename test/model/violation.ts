/** An invariant that a store has violated. */
export class InvariantViolation extends Error {
  constructor(
    readonly invariant: string,
    what: string,
  ) {
    super(`${invariant}: ${what}`);
    this.name = 'InvariantViolation';
  }
}

/** @throws InvariantViolation */
export function violated(invariant: string, what: string): never {
  throw new InvariantViolation(invariant, what);
}
