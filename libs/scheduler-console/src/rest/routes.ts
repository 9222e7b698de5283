import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { REQUIRED_ROLE } from '../auth/access.decorator.js';
import type { ConsoleRole } from '../auth/principal.js';
import { OPERATION, type OperationInfo } from './operation.decorator.js';

export const CONSOLE_ROUTES = Symbol('the routes of the REST interface');

/** A route, as declared by its controller. */
export interface ConsoleRoute extends OperationInfo {
  method: string;
  /** Parameters are `:name`. */
  path: string;
  /** Name of its method. */
  id: string;
  role: ConsoleRole;
}

/** The routes of controllers, in the order of declaration. */
export function routesOf(controllers: readonly Type[]): ConsoleRoute[] {
  return controllers.flatMap((controller) => {
    const base = String(Reflect.getMetadata(PATH_METADATA, controller));
    const prototype = controller.prototype as Record<string, object>;
    return Object.getOwnPropertyNames(prototype).flatMap((id): ConsoleRoute[] => {
      const handler = prototype[id]!;
      const operation = Reflect.getMetadata(OPERATION, handler) as OperationInfo | undefined;
      if (!operation) return [];
      const own = String(Reflect.getMetadata(PATH_METADATA, handler)).replace(/^\//, '');
      const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]!;
      const role = (Reflect.getMetadata(REQUIRED_ROLE, handler) as ConsoleRole | undefined) ?? 'viewer';
      return [{ ...operation, method, path: `/${base}${own === '' ? '' : `/${own}`}`, id, role }];
    });
  });
}
