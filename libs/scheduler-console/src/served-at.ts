import type { ApplicationConfig } from '@nestjs/core';

/**
 * The path of the console including the global prefix of the app, unless the app excludes it. For parts outside of
 * Nest's router, which adds the prefix itself. Known when the app initializes.
 * @param path of the console: '' or '/ops'
 */
export function servedAt(config: ApplicationConfig, path: string): string {
  const prefix = config.getGlobalPrefix().replaceAll(/^\/+|\/+$/g, '');
  const excluded = config.getGlobalPrefixOptions().exclude?.some(({ pathRegex }) => pathRegex.test(`${path}/live`));
  return prefix === '' || excluded ? path : `/${prefix}${path}`;
}
