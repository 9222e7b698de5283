/** A promise that a store has broken. */
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
