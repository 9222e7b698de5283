import type { DynamicModule } from '@nestjs/common';
import { checkOptionNames } from '../core/check-options.js';
import { InvalidOptionError } from '../core/errors.js';
import { OPTION_NAMES } from '../scheduler/resolve-options.js';
import type { SchedulerModuleOptions } from '../scheduler/options.js';
import { SchedulerModule } from '../scheduler/scheduler.module.js';
import { ManualClock } from './manual-clock.js';
import { SchedulerTestKit } from './scheduler-test-kit.js';

/** Options of SchedulerTestingModule.forRoot: those of SchedulerModule, with a manual clock. */
export interface SchedulerTestingOptions extends Omit<SchedulerModuleOptions, 'autoStart' | 'clock' | 'store'> {
  /** Default: a clock at 2026-01-01T00:00:00Z. */
  clock?: ManualClock;
}

const NAMES = [...OPTION_NAMES, 'name', 'isGlobal'].filter((name) => name !== 'store' && name !== 'autoStart');

/** The longest lease: with three heartbeats per lease, a year of virtual time passes quickly. */
const LEASE = '10m';

/**
 * Replaces SchedulerModule in Test.createTestingModule: store 'memory' and a ManualClock; nothing runs until the
 * SchedulerTestKit runs it.
 */
export class SchedulerTestingModule {
  /** @throws InvalidOptionError for an unknown option, and for options that it sets itself */
  static forRoot(given: SchedulerTestingOptions = {}): DynamicModule {
    checkOptionNames(given, NAMES);
    const { clock = new ManualClock(), ...options } = given;
    if (!(clock instanceof ManualClock)) throw new InvalidOptionError('clock', clock, 'a ManualClock');
    const module = SchedulerModule.forRoot({ lease: LEASE, ...options, store: 'memory', autoStart: false, clock });
    const token = getTestKitToken(options.name);
    return {
      ...module,
      providers: [...(module.providers ?? []), { provide: token, useClass: SchedulerTestKit }],
      exports: [...(module.exports ?? []), token],
    };
  }
}

/** DI token of the kit of a named scheduler; the class itself for the unnamed one. */
export function getTestKitToken(name?: string): string | typeof SchedulerTestKit {
  return name ? `SchedulerTestKit:${name}` : SchedulerTestKit;
}
