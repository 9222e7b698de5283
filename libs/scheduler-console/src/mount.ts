import { Controller, UseFilters, UseGuards, UseInterceptors, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ConsoleAuthGuard } from './auth/console-auth.guard.js';
import { ProblemFilter } from './rest/problem.filter.js';
import { ConsoleInterceptor } from './security/console.interceptor.js';

/**
 * A controller as it stands under the path of the console, behind the one guard, with the one filter: there is no other
 * way to mount one, so that none is forgotten.
 */
export function mount(path: string, controller: Type): Type {
  const own = String(Reflect.getMetadata(PATH_METADATA, controller));
  class Mounted extends controller {}
  Object.defineProperty(Mounted, 'name', { value: controller.name });
  // An app that versions its routes shall not move these.
  Controller({ path: `${path}/${own}`, version: VERSION_NEUTRAL })(Mounted);
  UseGuards(ConsoleAuthGuard)(Mounted);
  UseFilters(ProblemFilter)(Mounted);
  UseInterceptors(ConsoleInterceptor)(Mounted);
  return Mounted;
}
