import { Module, type DynamicModule } from '@nestjs/common';
import { mount } from '../mount.js';
import { normalizePath } from '../resolve-options.js';
import { ConsoleMetrics } from './console-metrics.js';
import { MetricsController } from './metrics.controller.js';

/** `GET <path>/metrics`, for Prometheus. */
@Module({})
export class ConsoleMetricsModule {
  /** @param foundation gives the scheduler, and who may come in */
  static register(path: string | undefined, foundation: DynamicModule): DynamicModule {
    return {
      module: ConsoleMetricsModule,
      imports: [foundation],
      controllers: [mount(normalizePath(path), MetricsController)],
      providers: [ConsoleMetrics],
    };
  }
}
