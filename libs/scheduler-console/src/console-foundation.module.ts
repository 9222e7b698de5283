import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { getSchedulerToken, type AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { ConsoleAuthGuard } from './auth/console-auth.guard.js';
import { ConsoleAuthenticator } from './auth/console-authenticator.js';
import { ProblemFilter } from './rest/problem.filter.js';
import { SchedulerEventSource } from './scheduler-events.js';
import { AuditLog } from './security/audit-log.js';
import { ConsoleInterceptor } from './security/console.interceptor.js';
import { CostlyCalls } from './security/costly-calls.js';
import { ExposureCheck } from './security/exposure-check.js';
import { RateLimiter } from './security/rate-limiter.js';
import { Redactor } from './security/redactor.js';
import { SignIns } from './security/sign-ins.js';
import { CONSOLE_OPTIONS, CONSOLE_SCHEDULER } from './tokens.js';

const SHARED = [
  ConsoleAuthenticator,
  ConsoleAuthGuard,
  ConsoleInterceptor,
  ProblemFilter,
  RateLimiter,
  AuditLog,
  CostlyCalls,
  Redactor,
  SignIns,
  SchedulerEventSource,
];

/** Shared by all parts of one console: its options, its scheduler, its security. */
@Module({})
export class ConsoleFoundationModule {
  /**
   * @param options provider of CONSOLE_OPTIONS
   * @param scheduler name of the scheduler to show
   */
  static register(options: Provider, scheduler?: string, imports: DynamicModule['imports'] = []): DynamicModule {
    const shown: Provider = {
      provide: CONSOLE_SCHEDULER,
      useFactory: (found: AdvancedTaskScheduler) => found,
      inject: [getSchedulerToken(scheduler)],
    };
    return {
      module: ConsoleFoundationModule,
      imports,
      providers: [options, shown, ExposureCheck, ...SHARED],
      exports: [CONSOLE_OPTIONS, CONSOLE_SCHEDULER, ...SHARED],
    };
  }
}
