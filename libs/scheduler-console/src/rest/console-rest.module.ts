import { Module, type DynamicModule, type NestModule, type Type } from '@nestjs/common';
import { mount } from '../mount.js';
import { normalizePath } from '../resolve-options.js';
import { BulkController } from './bulk.controller.js';
import { CONSOLE_ROUTES, DocsController } from './docs.controller.js';
import { ExecutionsController } from './executions.controller.js';
import { LocksController } from './locks.controller.js';
import { ParserErrors } from './parser-errors.js';
import { QueuesController } from './queues.controller.js';
import { routesOf } from './routes.js';
import { SchedulesController } from './schedules.controller.js';
import { SystemController } from './system.controller.js';
import { TasksController } from './tasks.controller.js';
import { Throughput } from './throughput.js';
import { WorkflowsController } from './workflows.controller.js';

const CONTROLLERS: readonly Type[] = [
  SystemController,
  TasksController,
  BulkController,
  ExecutionsController,
  WorkflowsController,
  SchedulesController,
  QueuesController,
  LocksController,
  DocsController,
];

/** `<path>/api`. */
@Module({})
export class ConsoleRestModule implements NestModule {
  constructor(private readonly parserErrors: ParserErrors) {}

  /** @param foundation gives the options, the scheduler, and who may come in */
  static register(path: string | undefined, foundation: DynamicModule): DynamicModule {
    const base = normalizePath(path);
    return {
      module: ConsoleRestModule,
      imports: [foundation],
      controllers: CONTROLLERS.map((controller) => mount(base, controller)),
      providers: [Throughput, ParserErrors, { provide: CONSOLE_ROUTES, useFactory: () => routesOf(CONTROLLERS) }],
    };
  }

  /** Nest calls it between the parsers and the routes. */
  configure(): void {
    this.parserErrors.beforeRoutes();
  }
}
