import { Module, type DynamicModule } from '@nestjs/common';
import { mount } from '../mount.js';
import { normalizePath } from '../resolve-options.js';
import { EventMetrics } from './event-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsRegistry } from './metrics-registry.js';
import { StateMetrics } from './state-metrics.js';

/** `<path>/metrics`. */
@Module({})
export class ConsoleMetricsModule {
  /** @param foundation gives the options, the scheduler, and who may come in */
  static register(path: string | undefined, foundation: DynamicModule): DynamicModule {
    return {
      module: ConsoleMetricsModule,
      imports: [foundation],
      controllers: [mount(normalizePath(path), MetricsController)],
      providers: [MetricsRegistry, EventMetrics, StateMetrics],
    };
  }
}
