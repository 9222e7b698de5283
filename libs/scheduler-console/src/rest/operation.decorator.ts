import { SetMetadata } from '@nestjs/common';
import type { QueryShape } from './query.pipe.js';
import type { Shape } from './shape.js';

export const OPERATION = Symbol('what a route does, for the OpenAPI document');

/** Describes a route; the shapes are those that it checks. */
export interface OperationInfo {
  summary: string;
  body?: Shape;
  query?: QueryShape;
  /** Header parameters by name. */
  headers?: Readonly<Record<string, string>>;
  /** Status of success. Default 200. */
  status?: number;
}

export function Operation(info: OperationInfo): MethodDecorator {
  return SetMetadata(OPERATION, info);
}
