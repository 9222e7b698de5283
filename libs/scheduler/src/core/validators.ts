/**
 * The parts of class-validator that the library uses, from their own files: its index loads all validators, with validator.js
 * and libphonenumber, which takes longer than the rest of the library. An app that uses the index gets the same modules, or,
 * in a bundle, copies with the same metadata storage, which is global.
 */
// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- ambient modules cannot be imported
/// <reference path="./class-validator-files.d.ts" />
import type * as classValidator from 'class-validator';
import { Allow as allow } from 'class-validator/cjs/decorator/common/Allow.js';
import { ValidateBy as validateBy } from 'class-validator/cjs/decorator/common/ValidateBy.js';
import { ValidateIf as validateIf } from 'class-validator/cjs/decorator/common/ValidateIf.js';
import { getMetadataStorage } from 'class-validator/cjs/metadata/MetadataStorage.js';
import { Validator } from 'class-validator/cjs/validation/Validator.js';

// With types of the index: users' compilers know no types of these files.

/** Decorator: the field may be given. */
export const Allow: typeof classValidator.Allow = allow;

/** Decorator: the other rules of the field apply only if it is given. `null` counts as given. */
export const Optional = (): PropertyDecorator => validateIf((_target, value) => value !== undefined);

/** Decorator: the field must pass `check`; `allowed` describes valid values. */
export const Holds = (check: (value: unknown) => boolean, allowed: string): PropertyDecorator =>
  validateBy({ name: 'holds', validator: { validate: check } }, { message: allowed });

export function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** @returns the fields of a class that have a rule. Not the keys of an instance: a compiler may omit fields without a value. */
export function fieldsOf(Shape: new () => object): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Shape, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

/** @returns the first field that breaks a rule, with the description of valid values; null if none does */
export function firstInvalid(shape: object): { field: string; value: unknown; allowed: string } | null {
  const [wrong] = new Validator().validateSync(shape, { stopAtFirstError: true, forbidUnknownValues: false });
  if (!wrong) return null;
  const [allowed = 'another value'] = Object.values(wrong.constraints ?? {});
  return { field: wrong.property, value: wrong.value as unknown, allowed };
}
