import { SetMetadata } from '@nestjs/common';
import type { ConsoleRole } from './principal.js';

export const NEEDED_ROLE = Symbol('role that a console route needs');

/** The role that a route needs. Default: viewer for GET, else admin, so that a route without it is closed. */
export function Needs(role: ConsoleRole): MethodDecorator {
  return SetMetadata(NEEDED_ROLE, role);
}
