import { Module, type DynamicModule } from '@nestjs/common';
import { dashboardController } from './dashboard.controller.js';

/** Mounts the dashboard at `<path>/dashboard/`. */
@Module({})
export class ConsoleDashboardModule {
  /** @param path of the console. Default: the root */
  static register(path = ''): DynamicModule {
    return { module: ConsoleDashboardModule, controllers: [dashboardController(path)] };
  }
}
