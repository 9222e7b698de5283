import { Body, Controller, Get, Headers, Inject, Param, Post, Req } from '@nestjs/common';
import {
  priorityName,
  type AdvancedTaskScheduler,
  type CronSchedule,
  type TaskRecord,
} from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import type { ConsoleRequest } from '../auth/console-request.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { BodyPipe } from './body.pipe.js';
import { IdPipe } from './id.pipe.js';
import { Operation } from './operation.decorator.js';
import type { Shape } from './shape.js';

const EXECUTION: Shape = {
  payload: { type: 'any', about: "Merged over the task's when both are objects." },
  priority: { type: ['string', 'number'], about: 'CRITICAL, HIGH, NORMAL, LOW, BACKGROUND, or 0 to 4.' },
  delay: { type: ['string', 'number'], about: "Milliseconds, or text such as '10m'." },
  scheduledTime: { type: ['string', 'number'], about: 'ISO 8601 with a zone, or milliseconds since 1970.' },
  after: { type: 'object', about: 'The execution to wait for, by taskId of a declared dependency.' },
  tags: { type: 'array', about: 'At most 16 with those of the task.' },
};

/** The tasks of all nodes, and new executions of them. */
@Controller('api/tasks')
export class TasksController {
  constructor(@Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler) {}

  @Get()
  @Operation({ summary: 'The tasks of all nodes.' })
  async listTasks(): Promise<{ items: object[]; nextCursor: null }> {
    const [tasks, schedules] = await Promise.all([this.scheduler.listTasks(), this.scheduler.listCronTasks()]);
    return { items: tasks.map((task) => toView(task, schedules)), nextCursor: null };
  }

  @Post(':taskId/executions')
  @RequireRole('operator')
  @Operation({
    summary: 'Schedules an execution.',
    body: EXECUTION,
    headers: { 'Idempotency-Key': 'The same key within 24 hours returns the same execution.' },
    status: 201,
  })
  async scheduleExecution(
    @Param('taskId', new IdPipe()) taskId: string,
    @Body(new BodyPipe(EXECUTION)) body: Record<string, unknown>,
    @Req() request: ConsoleRequest,
    @Headers('idempotency-key') idempotencyKey?: string,
  ) {
    const options = idempotencyKey === undefined ? body : { ...body, idempotencyKey };
    const executionId = await this.scheduler.scheduleTask(taskId, options);
    request.changes = { before: null, after: { executionId } };
    return { executionId };
  }
}

function toView(task: TaskRecord, schedules: readonly CronSchedule[]): object {
  const { taskId, taskName, priority, queue, tags, requireLock, timeout, retry, dependencies } = task;
  const cron = schedules
    .filter((each) => each.taskId === taskId)
    .map(({ id, cronExpression, timezone, nextRunTime, paused }) => ({
      id,
      cronExpression,
      timezone,
      nextRunTime,
      paused,
    }));
  return {
    taskId,
    taskName,
    priority: priorityName(priority),
    queue,
    tags,
    requireLock,
    timeout,
    retry,
    dependencies,
    ...(cron.length > 0 ? { cron } : {}),
  };
}
