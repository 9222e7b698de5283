import { Module, type DynamicModule, type NestModule, type OnModuleInit, type Type } from '@nestjs/common';
import { mount } from '../mount.js';
import { normalizePath } from '../resolve-options.js';
import { BodyReader } from './body-reader.js';
import { BulkController } from './bulk.controller.js';
import { DocsController } from './docs.controller.js';
import { ExecutionsController } from './executions.controller.js';
import { LocksController } from './locks.controller.js';
import { QueuesController } from './queues.controller.js';
import { CONSOLE_ROUTES, routesOf } from './routes.js';
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
export class ConsoleRestModule implements NestModule, OnModuleInit {
  constructor(private readonly intake: BodyReader) {}

  /** @param foundation provides the options, the scheduler and access control */
  static register(path: string | undefined, foundation: DynamicModule): DynamicModule {
    const base = normalizePath(path);
    return {
      module: ConsoleRestModule,
      imports: [foundation],
      controllers: CONTROLLERS.map((controller) => mount(base, controller)),
      providers: [Throughput, BodyReader, { provide: CONSOLE_ROUTES, useFactory: () => routesOf(CONTROLLERS) }],
    };
  }

  /** Nest calls it before it registers the routes. */
  configure(): void {
    this.intake.registerRoutes();
  }

  /** Nest calls it after it has registered them. */
  onModuleInit(): void {
    this.intake.handleErrors();
  }
}
