import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { checkOptionNames } from '../core/check-options.js';
import { InvalidOptionError } from '../core/errors.js';
import { probesController } from './probes.controller.js';

/** Mounts `<path>/live`, `<path>/ready` and `<path>/startup` for the Kubernetes probes. */
@Module({})
export class SchedulerProbesModule {
  /**
   * @param options.path Default 'health'
   * @throws InvalidOptionError
   */
  static register(options: { path?: string } = {}): DynamicModule {
    checkOptionNames(options, ['path']);
    const { path = 'health' } = options;
    if (typeof path !== 'string') throw new InvalidOptionError('path', path, 'the path of a route');
    // A 503 of readiness is a regular response, not an error to log.
    const terminus = TerminusModule.forRoot({ logger: false, errorLogStyle: 'json' });
    return {
      module: SchedulerProbesModule,
      imports: [terminus, DiscoveryModule],
      controllers: [probesController(path)],
    };
  }
}
