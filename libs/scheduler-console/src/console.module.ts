import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ConsoleFoundationModule } from './console-foundation.module.js';
import { ConsoleDashboardModule } from './dashboard/console-dashboard.module.js';
import { ConsoleLiveModule } from './live/console-live.module.js';
import { ConsoleMetricsModule } from './metrics/console-metrics.module.js';
import type { SchedulerConsoleAsyncOptions, SchedulerConsoleOptions } from './options.js';
import { resolveConsoleOptions } from './resolve-options.js';
import { ConsoleRestModule } from './rest/console-rest.module.js';
import { CONSOLE_OPTIONS } from './tokens.js';

/** The console of a scheduler, mounted into an app on Express or Fastify. */
@Module({})
export class SchedulerConsoleModule {
  /** @throws InvalidConsoleOptionError */
  static forRoot(options: SchedulerConsoleOptions = {}): DynamicModule {
    return compose(options, { provide: CONSOLE_OPTIONS, useValue: resolveConsoleOptions(options) });
  }

  /** Options made from other providers, such as ConfigService; `path` and `scheduler` stand outside of the factory. */
  static forRootAsync({ imports, inject = [], useFactory, ...fixed }: SchedulerConsoleAsyncOptions): DynamicModule {
    const options: Provider = {
      provide: CONSOLE_OPTIONS,
      inject,
      useFactory: async (...args: unknown[]) => resolveConsoleOptions({ ...(await useFactory(...args)), ...fixed }),
    };
    return compose(fixed, options, imports);
  }
}

function compose(
  { path, scheduler }: Pick<SchedulerConsoleOptions, 'path' | 'scheduler'>,
  options: Provider,
  imports?: DynamicModule['imports'],
): DynamicModule {
  const foundation = ConsoleFoundationModule.register(options, scheduler, imports);
  return {
    module: SchedulerConsoleModule,
    imports: [
      ConsoleRestModule.register(path, foundation),
      ConsoleLiveModule.register(foundation),
      ConsoleMetricsModule.register(path, foundation),
      ConsoleDashboardModule.register(path),
    ],
  };
}
