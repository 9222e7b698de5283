import { Controller, Get, Header } from '@nestjs/common';
import { MetricsRegistry } from './metrics-registry.js';
import { StateMetrics } from './state-metrics.js';

/** For Prometheus, in its text format 0.0.4. */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly registry: MetricsRegistry,
    private readonly state: StateMetrics,
  ) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async getMetrics(): Promise<string> {
    await this.state.refresh();
    return this.registry.metrics();
  }
}
