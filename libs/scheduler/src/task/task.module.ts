import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { HandlerRegistry } from './handler-registry.js';
import { TaskCatalog } from './task-catalog.js';
import { TaskExplorer } from './task-explorer.js';

/** Tasks and their handlers in this process. */
@Module({})
export class TaskModule {
  /** @param imports the module that provides the store of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    const providers = [HandlerRegistry, TaskCatalog, TaskExplorer];
    return { module: TaskModule, imports: [...imports, DiscoveryModule], providers, exports: providers };
  }
}
