import { Module, type DynamicModule } from '@nestjs/common';
import { TimerRegistryModule } from './app-registry.js';
import { Maintenance } from './maintenance.js';

/** The periodic duties. */
@Module({})
export class MaintenanceModule {
  /** @param imports the modules that provide store, tasks, schedules, retry decisions and effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return {
      module: MaintenanceModule,
      imports: [...imports, TimerRegistryModule],
      providers: [Maintenance],
      exports: [Maintenance],
    };
  }
}
