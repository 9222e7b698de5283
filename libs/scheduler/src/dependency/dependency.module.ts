import { Module, type DynamicModule } from '@nestjs/common';
import { TaskDependencyGraph } from './task-dependency-graph.js';

/** The graph of task definitions. */
@Module({})
export class DependencyModule {
  /** One for each scheduler of the app. */
  static register(): DynamicModule {
    return { module: DependencyModule, providers: [TaskDependencyGraph], exports: [TaskDependencyGraph] };
  }
}
