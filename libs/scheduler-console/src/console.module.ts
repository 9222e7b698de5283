import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { checkOptionNames } from './check-option-names.js';
import { InvalidConsoleOptionError } from './console-error.js';
import { ConsoleFoundationModule } from './console-foundation.module.js';
import { ConsoleDashboardModule } from './dashboard/console-dashboard.module.js';
import { ConsoleLiveModule } from './live/console-live.module.js';
import { ConsoleMetricsModule } from './metrics/console-metrics.module.js';
import type { SchedulerConsoleAsyncOptions, SchedulerConsoleOptions } from './options.js';
import { normalizePath, OPTION_NAMES, resolveConsoleOptions } from './resolve-options.js';
import { ConsoleRestModule } from './rest/console-rest.module.js';
import { CONSOLE_OPTIONS } from './tokens.js';

/** Options that a factory may return: routes are registered before it runs. */
const ASYNC_NAMES = OPTION_NAMES.filter((name) => name !== 'path' && name !== 'scheduler');

/** The console of a scheduler, mounted into an app on Express or Fastify. */
@Module({})
export class SchedulerConsoleModule {
  /** @throws InvalidConsoleOptionError */
  static forRoot(options: SchedulerConsoleOptions = {}): DynamicModule {
    return compose(options, { provide: CONSOLE_OPTIONS, useValue: resolveConsoleOptions(options) });
  }

  /**
   * Options from other providers, such as ConfigService; `path` and `scheduler` are given directly.
   * @throws InvalidConsoleOptionError
   */
  static forRootAsync(given: SchedulerConsoleAsyncOptions): DynamicModule {
    checkOptionNames(given, ['imports', 'inject', 'useFactory', 'path', 'scheduler']);
    const { imports, inject = [], useFactory, ...fixed } = given;
    if (typeof useFactory !== 'function')
      throw new InvalidConsoleOptionError('useFactory', typeof useFactory, 'a function');
    const options: Provider = {
      provide: CONSOLE_OPTIONS,
      inject,
      useFactory: async (...args: unknown[]) => {
        const made = await useFactory(...args);
        checkOptionNames(made, ASYNC_NAMES);
        return resolveConsoleOptions({ ...made, ...fixed });
      },
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
      ConsoleDashboardModule.register(normalizePath(path)),
    ],
  };
}
