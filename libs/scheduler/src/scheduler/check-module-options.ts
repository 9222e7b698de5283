import { checkOptionNames } from '../core/check-options.js';
import { InvalidOptionError } from '../core/errors.js';
import { checkName } from '../core/names.js';

const WAYS = ['useFactory', 'useClass', 'useExisting'] as const;
const ASYNC_NAMES = ['name', 'isGlobal', 'imports', 'inject', ...WAYS];

/** Checks what must be valid before any provider is created. @throws InvalidOptionError, InvalidNameError */
export function checkModuleOptions(given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new InvalidOptionError('options', given, 'an object');
  const { name, isGlobal } = given as { name?: unknown; isGlobal?: unknown };
  checkSchedulerName(name, 'name');
  if (isGlobal !== undefined && typeof isGlobal !== 'boolean')
    throw new InvalidOptionError('isGlobal', isGlobal, 'true or false');
}

/** @throws InvalidOptionError, InvalidNameError */
export function checkAsyncOptions(given: unknown): void {
  checkOptionNames(given, ASYNC_NAMES);
  checkModuleOptions(given);
  const options = given as Record<(typeof WAYS)[number] | 'inject', unknown>;
  const ways = WAYS.filter((way) => options[way] !== undefined);
  if (ways.length !== 1)
    throw new InvalidOptionError(
      'forRootAsync',
      ways.join(' and ') || undefined,
      'one of useFactory, useClass or useExisting',
    );
  for (const way of ['useFactory', 'useClass'] as const)
    if (options[way] !== undefined && typeof options[way] !== 'function')
      throw new InvalidOptionError(way, options[way], way === 'useClass' ? 'a class' : 'a function');
  if (options.inject !== undefined && !Array.isArray(options.inject))
    throw new InvalidOptionError('inject', options.inject, 'a list of tokens');
}

/** undefined and '' mean the unnamed scheduler. @throws InvalidOptionError, InvalidNameError */
export function checkSchedulerName(name: unknown, field: string): void {
  if (name === undefined || name === '') return;
  if (typeof name !== 'string') throw new InvalidOptionError(field, name, 'the name of a scheduler');
  checkName(name, field);
}
