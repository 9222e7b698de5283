import { Module, type DynamicModule } from '@nestjs/common';
import { mount } from '../mount.js';
import { normalizePath } from '../resolve-options.js';
import { ConsoleMetrics } from './console-metrics.js';
import { MetricsController } from './metrics.controller.js';

/** `GET <path>/metrics`, for Prometheus. */
@Module({})
export class ConsoleMetricsModule {
  /** @param foundation provides the scheduler and access control */
  static register(path: string | undefined, foundation: DynamicModule): DynamicModule {
    return {
      module: ConsoleMetricsModule,
      imports: [foundation],
      controllers: [mount(normalizePath(path), MetricsController)],
      providers: [ConsoleMetrics],
    };
  }
}
