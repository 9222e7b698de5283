import { SetMetadata } from '@nestjs/common';
import type { ConsoleRole } from './principal.js';

export const REQUIRED_ROLE = Symbol('role that a console route needs');

/**
 * The role that a route requires. Default: viewer for GET, otherwise admin, so a route without a decorator is closed.
 */
export function RequireRole(role: ConsoleRole): MethodDecorator {
  return SetMetadata(REQUIRED_ROLE, role);
}
