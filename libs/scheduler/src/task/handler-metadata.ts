import type { Type } from '@nestjs/common';

// The keys of @UseGuards and similar; they are part of Nest's public contract with decorators.
const FILTERS = '__exceptionFilters__';
const PARAMS = '__routeArguments__';
const ENHANCERS = [
  { kind: 'guard', key: '__guards__', method: 'canActivate' },
  { kind: 'interceptor', key: '__interceptors__', method: 'intercept' },
  { kind: 'pipe', key: '__pipes__', method: 'transform' },
  { kind: 'filter', key: FILTERS, method: 'catch' },
] as const;

export const TASK_PARAMS = 'nestjs-advanced-scheduler:params';
/** Nest's number of "body": pipes treat the payload as one. */
export const BODY = 3;
const CONTEXT = 99;

type Param = { index: number; pipes?: readonly unknown[] };

/** Whether guards, interceptors, pipes, filters or parameter decorators are bound to the method or its class. */
export function isEnhanced(classRef: Type, methodName: string): boolean {
  const method = methodOf(classRef, methodName);
  const isBound = ENHANCERS.some(({ key }) => Reflect.hasMetadata(key, method) || Reflect.hasMetadata(key, classRef));
  return isBound || Reflect.hasMetadata(PARAMS, classRef, methodName);
}

export function hasFilters(classRef: Type, methodName: string): boolean {
  return Reflect.hasMetadata(FILTERS, methodOf(classRef, methodName)) || Reflect.hasMetadata(FILTERS, classRef);
}

/**
 * An enhancer that is bound to the method as a class and that Nest has not instantiated, so that it would be silently
 * ignored; null: none.
 * @param isMade whether Nest creates instances of the class for this handler
 */
export function findUnmade(classRef: Type, methodName: string, isMade: (metatype: unknown) => boolean): string | null {
  for (const { kind, key, method } of ENHANCERS) {
    const bound = [classRef, methodOf(classRef, methodName)].flatMap(
      (target) => (Reflect.getMetadata(key, target) ?? []) as unknown[],
    );
    if (kind === 'pipe') bound.push(...paramsOf(classRef, methodName).flatMap(({ pipes = [] }) => pipes));
    // Nest uses a class itself as the enhancer if it has the method as a static one.
    const unmade = bound.find((each) => typeof each === 'function' && !isMade(each) && !(method in each));
    if (unmade) return `${kind} ${(unmade as Type).name}`;
  }
  return null;
}

/**
 * Declares the first parameter as the payload and the second as the context, unless a parameter decorator says
 * otherwise.
 */
export function describeParams(classRef: Type, methodName: string): void {
  if (Reflect.hasOwnMetadata(TASK_PARAMS, classRef, methodName)) return;
  const declared = (Reflect.getMetadata(PARAMS, classRef, methodName) ?? {}) as Record<string, Param>;
  const taken = new Set(Object.values(declared).map((param) => param.index));
  const params: Record<string, unknown> = { ...declared };
  for (const [index, type] of [BODY, CONTEXT].entries()) {
    if (!taken.has(index)) params[`${type}:${index}`] = { index, data: undefined, pipes: [] };
  }
  Reflect.defineMetadata(TASK_PARAMS, params, classRef, methodName);
}

/** Copies the metadata of the decorated function to the function that a later decorator has put in its place. */
export function keepMetadata(original: object, current: object): void {
  const lists = new Set<unknown>(ENHANCERS.map(({ key }) => key));
  for (const key of Reflect.getOwnMetadataKeys(original) as unknown[]) {
    const [below, above] = [original, current].map((method) => Reflect.getOwnMetadata(key, method) as unknown);
    if (above === undefined) Reflect.defineMetadata(key, below, current);
    else if (lists.has(key))
      Reflect.defineMetadata(key, [...new Set([...(below as unknown[]), ...(above as unknown[])])], current);
  }
}

function paramsOf(classRef: Type, methodName: string): Param[] {
  return Object.values((Reflect.getMetadata(PARAMS, classRef, methodName) ?? {}) as Record<string, Param>);
}

function methodOf(classRef: Type, methodName: string): object {
  return (classRef.prototype as Record<string, object>)[methodName]!;
}
