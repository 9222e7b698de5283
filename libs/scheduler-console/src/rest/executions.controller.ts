import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ExecutionNotFoundError, type AdvancedTaskScheduler, type TaskExecution } from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import type { ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import { perItems, Weighs } from '../security/weight.decorator.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { asQuery, EXECUTION_QUERY, toListing } from './execution-query.js';
import { IdPipe } from './id.pipe.js';
import { Operation } from './operation.decorator.js';
import { QueryPipe, type QueryValues } from './query.pipe.js';
import { executionRow } from './rows.js';

/** Single executions. */
@Controller('api/executions')
export class ExecutionsController {
  constructor(@Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler) {}

  @Get()
  @Weighs(perItems('limit', 50, 50))
  @Operation({
    summary:
      'Executions, newest first, without payloads, results, logs and attempts; a page can have fewer items than its limit, and a cursor.',
    query: EXECUTION_QUERY,
  })
  async listExecutions(@Query(new QueryPipe(EXECUTION_QUERY)) query: QueryValues) {
    const { items, nextCursor } = await asQuery(() => this.scheduler.listExecutions(toListing(query)));
    return { items: items.map(executionRow), nextCursor };
  }

  @Get(':id')
  @Operation({ summary: 'One execution, with its attempts, logs, progress, and the reason of its status.' })
  async getExecution(@Param('id', new IdPipe()) id: string) {
    const [execution, why] = await Promise.all([this.find(id), this.scheduler.why(id)]);
    // A copy, since toJSON changes the priority to its name.
    return { ...(JSON.parse(JSON.stringify(execution)) as object), why: why?.text ?? null };
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Cancels an execution: at once if it has not started; if it is running, its signal aborts.' })
  async cancelExecution(@Param('id', new IdPipe()) id: string, @Req() request: ConsoleRequest) {
    return this.change(id, request, 'ALREADY_TERMINAL', 'it has ended', () => this.scheduler.cancelTask(id));
  }

  @Post(':id/retry')
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Runs a FAILED, CANCELLED or SKIPPED execution again.' })
  async retryExecution(@Param('id', new IdPipe()) id: string, @Req() request: ConsoleRequest) {
    const allowed = 'allowed: FAILED, CANCELLED, SKIPPED';
    return this.change(id, request, 'NOT_RETRYABLE', allowed, () => this.scheduler.retryTask(id));
  }

  private async change(id: string, request: ConsoleRequest, code: string, why: string, act: () => Promise<boolean>) {
    const before = (await this.find(id)).status;
    const changed = await act();
    const after = (await this.scheduler.getTaskStatus(id))?.status ?? null;
    request.changes = { before, after };
    if (!changed) throw new ConsoleError(code, 409, `execution '${id}' is ${after ?? 'gone'}: ${why}`);
    return { executionId: id, changed };
  }

  private async find(id: string): Promise<TaskExecution> {
    const execution = await this.scheduler.getTaskStatus(id);
    if (!execution) throw new ExecutionNotFoundError(id);
    return execution;
  }
}
