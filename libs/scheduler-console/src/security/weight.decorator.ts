import { SetMetadata } from '@nestjs/common';
import type { ConsoleRequest } from '../auth/console-request.js';

export const WEIGHT = Symbol('how many requests a request counts for');

/** How many requests a request counts for in the rate limit, before it is checked. */
export type RouteWeight = (request: ConsoleRequest) => number;

/** For routes whose response is more expensive than others. Default: 1. */
export function Weighs(weight: RouteWeight): MethodDecorator {
  return SetMetadata(WEIGHT, weight);
}

/** By the query parameter that limits the response: one for each `each` items. */
export function perItems(parameter: string, each: number, otherwise: number): RouteWeight {
  return ({ url }) => {
    const asked = Number(new URLSearchParams(url.split('?')[1]).get(parameter) ?? otherwise);
    return Number.isFinite(asked) && asked > 0 ? Math.ceil(asked / each) : 1;
  };
}
