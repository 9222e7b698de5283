import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req } from '@nestjs/common';
import {
  previewCron,
  type AdvancedTaskScheduler,
  type CronOptions,
  type CronSchedule,
} from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import type { ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { perItems, Weighs } from '../security/weight.decorator.js';
import { CONSOLE_OPTIONS, CONSOLE_SCHEDULER } from '../tokens.js';
import { BodyPipe } from './body.pipe.js';
import { checkCronBudget } from './cron-budget.js';
import { IdPipe } from './id.pipe.js';
import { Operation } from './operation.decorator.js';
import { QueryPipe, type QueryShape, type QueryValues } from './query.pipe.js';
import { pageOfSchedules } from './rows.js';
import type { Shape } from './shape.js';

const MOST = 1000;
const PAGE: QueryShape = { limit: [1, MOST], cursor: 'text' };
const PREVIEW: QueryShape = { count: [1, 1000] };
const PREVIEW_OF: QueryShape = {
  ...PREVIEW,
  cronExpression: 'text',
  timezone: 'text',
  startTime: 'text',
  endTime: 'text',
};
const SCHEDULE: Shape = {
  taskId: { type: 'string', required: true },
  cronExpression: { type: 'string', required: true, about: '5 fields, or 6 with seconds first.' },
  timezone: { type: 'string', about: "An IANA name. Default 'UTC'." },
  startTime: { type: ['string', 'number'] },
  endTime: { type: ['string', 'number'] },
  overlap: { type: 'string', about: 'allow, skip, queue, cancel.' },
  misfire: { type: ['string', 'object'], about: 'skip, once, all, or { all: n }.' },
  jitter: { type: ['string', 'number'] },
  payload: { type: 'any', about: 'If omitted, the payload stays as it is.' },
};

type PutSchedule = { taskId: string; cronExpression: string } & CronOptions;
/** The fields that determine the ticks of a schedule. */
type Ticking = Pick<CronSchedule, 'cronExpression' | 'timezone' | 'startTime' | 'endTime'>;

/** Schedules by cron expression. */
@Controller('api/schedules')
export class SchedulesController {
  constructor(
    @Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler,
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
  ) {}

  @Get()
  @Weighs(() => 5)
  @Operation({ summary: 'The schedules, with their next ticks, by id.', query: PAGE })
  async listSchedules(@Query(new QueryPipe(PAGE)) { limit = MOST, cursor }: QueryValues) {
    return pageOfSchedules(await this.scheduler.listCronTasks(), Number(limit), cursor?.toString());
  }

  @Get('preview')
  @Weighs(perItems('count', 10, 5))
  @Operation({ summary: 'The next ticks of an expression.', query: PREVIEW_OF })
  previewExpression(@Query(new QueryPipe(PREVIEW_OF)) query: QueryValues) {
    const { cronExpression, timezone = 'UTC', startTime, endTime, count } = query as Record<string, string | undefined>;
    if (cronExpression === undefined)
      throw new ConsoleError('MISSING_FIELD', 400, 'cronExpression is missing', 'cronExpression');
    const bounds = { startTime: startTime ?? null, endTime: endTime ?? null };
    return { items: ticksOf({ cronExpression, timezone, ...bounds }, count), nextCursor: null };
  }

  @Get(':id/preview')
  @Weighs(perItems('count', 10, 5))
  @Operation({ summary: 'The next ticks of a schedule.', query: PREVIEW })
  async previewSchedule(@Param('id', new IdPipe()) id: string, @Query(new QueryPipe(PREVIEW)) { count }: QueryValues) {
    return { items: ticksOf(await this.find(id), count), nextCursor: null };
  }

  @Put(':id')
  @RequireRole('admin')
  @Operation({ summary: 'Creates or changes a schedule.', body: SCHEDULE })
  async putSchedule(
    @Param('id', new IdPipe()) id: string,
    @Body(new BodyPipe(SCHEDULE)) body: Record<string, unknown>,
    @Req() request: ConsoleRequest,
  ) {
    const { taskId, cronExpression, ...options } = body as unknown as PutSchedule;
    const schedules = await this.scheduler.listCronTasks();
    const { timezone = 'UTC' } = options;
    checkCronBudget({ id, cronExpression, timezone }, schedules, this.options.cronTicksPerMinute);
    const before = schedules.find((each) => each.id === id) ?? null;
    // A caller who may not see a payload, or not all of it, can change the rest without losing it.
    const payload = 'payload' in options ? options.payload : before?.payload;
    const after = await this.scheduler.scheduleCronTask(taskId, cronExpression, { ...options, payload, id });
    request.changes = { before: summary(before), after: summary(after) };
    return after;
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireRole('admin')
  @Operation({ summary: 'Removes a schedule; its executions continue.', status: 204 })
  async deleteSchedule(@Param('id', new IdPipe()) id: string, @Req() request: ConsoleRequest): Promise<void> {
    request.changes = { before: summary(await this.find(id)), after: null };
    await this.scheduler.unscheduleCronTask(id);
  }

  @Post(':id/pause')
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Stops the ticks of a schedule.' })
  pauseSchedule(@Param('id', new IdPipe()) id: string, @Req() request: ConsoleRequest) {
    return this.change(id, request, () => this.scheduler.pauseCronTask(id));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Resumes a schedule from now; ticks that passed during the pause are not made up for.' })
  resumeSchedule(@Param('id', new IdPipe()) id: string, @Req() request: ConsoleRequest) {
    return this.change(id, request, () => this.scheduler.resumeCronTask(id));
  }

  @Post(':id/trigger')
  @RequireRole('operator')
  @Operation({ summary: "Schedules an execution of the schedule's task now, with its payload.", status: 201 })
  async triggerSchedule(@Param('id', new IdPipe()) id: string, @Req() request: ConsoleRequest) {
    const { taskId, payload } = await this.find(id);
    const executionId = await this.scheduler.scheduleTask(taskId, payload === undefined ? {} : { payload });
    request.changes = { before: null, after: { executionId } };
    return { executionId };
  }

  private async change(id: string, request: ConsoleRequest, act: () => Promise<boolean>): Promise<CronSchedule> {
    const before = await this.find(id);
    await act();
    const after = await this.find(id);
    request.changes = { before: summary(before), after: summary(after) };
    return after;
  }

  private async find(id: string): Promise<CronSchedule> {
    const schedule = (await this.scheduler.listCronTasks()).find((each) => each.id === id);
    if (!schedule) throw new ConsoleError('SCHEDULE_NOT_FOUND', 404, `no schedule '${id}'`);
    return schedule;
  }
}

function ticksOf({ cronExpression, timezone, startTime, endTime }: Ticking, count: string | number = 5): string[] {
  const bounds = { ...(startTime !== null && { startTime }), ...(endTime !== null && { endTime }) };
  const ticks = previewCron(cronExpression, { timezone, count: Number(count), from: new Date(), ...bounds });
  return ticks.map((time) => time.toISOString());
}

/** For the audit log: without the payload. */
function summary(schedule: CronSchedule | null) {
  return (
    schedule && {
      taskId: schedule.taskId,
      cronExpression: schedule.cronExpression,
      timezone: schedule.timezone,
      paused: schedule.paused,
    }
  );
}
