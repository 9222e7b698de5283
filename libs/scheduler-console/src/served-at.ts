import type { ApplicationConfig } from '@nestjs/core';

/**
 * Where the console answers: its path behind the global prefix of the app, unless the app excludes it from that. For what
 * is not laid by Nest's router, which knows of the prefix itself. Known once the app initializes.
 * @param path where it is mounted: '' or '/ops'
 */
export function servedAt(config: ApplicationConfig, path: string): string {
  const prefix = config.getGlobalPrefix().replaceAll(/^\/+|\/+$/g, '');
  const excluded = config.getGlobalPrefixOptions().exclude?.some(({ pathRegex }) => pathRegex.test(`${path}/live`));
  return prefix === '' || excluded ? path : `/${prefix}${path}`;
}
