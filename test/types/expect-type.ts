/** Compiles only where the two types are the same. */
export type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? (<T>() => T extends B ? 1 : 2) extends <T>() => T extends A ? 1 : 2
      ? true
      : false
    : false;

/** `expectType<Same<A, B>>(true)`. */
export function expectType<T extends boolean>(_is: T): void {}

/** `typeOf(value).is<T>()`, which requires an impossible argument if the value has another type. */
export function typeOf<A>(_value: A): { is: <B>(..._same: Same<A, B> extends true ? [] : [never]) => void } {
  return { is: () => undefined };
}
