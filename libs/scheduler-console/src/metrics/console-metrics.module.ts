import { Module } from '@nestjs/common';
import { ConsoleMetrics } from './console-metrics.js';
import { MetricsController } from './metrics.controller.js';

/** `GET <path>/metrics`, for Prometheus. */
@Module({ controllers: [MetricsController], providers: [ConsoleMetrics] })
export class ConsoleMetricsModule {}
