import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { SchedulerModule, SchedulerProbesModule, type SchedulerOptions } from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule, type ConsoleToken } from 'nestjs-advanced-scheduler-console';
import { loadEnvironment, type Environment } from './config/env.js';
import { HomeController } from './home.controller.js';
import { ResidencyModule } from './residency/residency.module.js';

/** The residency-scheduling service. */
@Module({})
export class AppModule {
  /**
   * Reads `.env` and the environment, which takes precedence.
   * @param demo whether it runs sample work and keeps its state in memory
   * @throws ConfigError if a variable is invalid, or a name in `.env` unknown
   */
  static async register({ demo = false } = {}): Promise<DynamicModule> {
    const config = await ConfigModule.forRoot({
      isGlobal: true,
      cache: true,
      // Nest merges `.env` and the environment; what only `.env` has is not in the process yet.
      validate: (env) => ({
        ...loadEnvironment(
          env,
          Object.keys(env).filter((name) => !(name in process.env)),
        ),
      }),
    });
    return {
      module: AppModule,
      imports: [
        config,
        SchedulerModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (env: ConfigService<Environment, true>) => ({
            store: demo ? 'memory' : storeOf(env),
            namespace: env.get('NAMESPACE', { infer: true }),
            appName: 'residency-scheduler',
            role: env.get('ROLE', { infer: true }),
            maxConcurrentTasks: env.get('MAX_CONCURRENT_TASKS', { infer: true }),
            history: { count: env.get('HISTORY_COUNT', { infer: true }) },
            lease: env.get('LEASE', { infer: true }),
            shutdown: { drain: env.get('SHUTDOWN_DRAIN', { infer: true }) },
          }),
        }),
        SchedulerProbesModule.register(),
        SchedulerConsoleModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (env: ConfigService<Environment, true>) => ({ auth: { tokens: tokensOf(env) } }),
        }),
        ResidencyModule,
      ],
      controllers: [HomeController],
      // Its decorators name tasks, of which only the demo has handlers.
      providers: demo ? [(await import('./demo/demo.tasks.js')).DemoTasks] : [],
    };
  }
}

/** The tokens of the console that the environment sets. */
export function tokensOf(env: ConfigService<Environment, true>): ConsoleToken[] {
  return (['admin', 'operator', 'viewer'] as const).flatMap((role) => {
    const token = env.get(`CONSOLE_${role.toUpperCase() as Uppercase<typeof role>}_TOKEN`, { infer: true });
    return token === '' ? [] : [{ token, name: role, role }];
  });
}

function storeOf(env: ConfigService<Environment, true>): SchedulerOptions['store'] {
  const type = env.get('STORE', { infer: true });
  switch (type) {
    case 'memory':
      return type;
    case 'embedded':
      return { type, path: env.get('STORE_PATH', { infer: true }), sync: env.get('STORE_SYNC', { infer: true }) };
    case 'redis': {
      const password = env.get('REDIS_PASSWORD', { infer: true });
      return { type, url: env.get('REDIS_URL', { infer: true }), ...(password !== '' && { password }) };
    }
  }
}
