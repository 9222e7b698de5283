import { Controller, Get, Header, Inject } from '@nestjs/common';
import { Weighs } from '../security/weight.decorator.js';
import { ConsoleMetrics } from './console-metrics.js';

/** The target of Prometheus; requires the bearer token of a viewer. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(ConsoleMetrics) private readonly metrics: ConsoleMetrics) {}

  @Get()
  @Weighs(() => 2)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @Header('cache-control', 'no-store')
  read(): Promise<string> {
    return this.metrics.text();
  }
}
