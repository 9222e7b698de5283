import { Controller, UseFilters, UseGuards, UseInterceptors, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ConsoleAuthGuard } from './auth/console-auth.guard.js';
import { ProblemFilter } from './rest/problem.filter.js';
import { ConsoleInterceptor } from './security/console.interceptor.js';

/**
 * Mounts a controller below the path of the console, with the guard and the filter. It is the only way to mount one, so
 * neither can be forgotten.
 */
export function mount(path: string, controller: Type): Type {
  const own = String(Reflect.getMetadata(PATH_METADATA, controller));
  class Mounted extends controller {}
  Object.defineProperty(Mounted, 'name', { value: controller.name });
  // Versioning of the app does not apply to these routes.
  Controller({ path: `${path}/${own}`, version: VERSION_NEUTRAL })(Mounted);
  UseGuards(ConsoleAuthGuard)(Mounted);
  UseFilters(ProblemFilter)(Mounted);
  UseInterceptors(ConsoleInterceptor)(Mounted);
  return Mounted;
}
