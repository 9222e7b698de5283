import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { probesController } from './probes.controller.js';

/** Mounts `<path>/live`, `<path>/ready` and `<path>/startup` for the Kubernetes probes. */
@Module({})
export class SchedulerProbesModule {
  /** @param options.path Default 'health' */
  static register({ path = 'health' }: { path?: string } = {}): DynamicModule {
    // A 503 of readiness is an answer, not an error to log.
    const terminus = TerminusModule.forRoot({ logger: false, errorLogStyle: 'json' });
    return {
      module: SchedulerProbesModule,
      imports: [terminus, DiscoveryModule],
      controllers: [probesController(path)],
    };
  }
}
