import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { AdvancedTaskScheduler, ListExecutionsOptions } from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import type { ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import { Weighs } from '../security/weight.decorator.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { BodyPipe } from './body.pipe.js';
import { Operation } from './operation.decorator.js';
import { checkShape, type Shape } from './shape.js';

const MAX = 1000;
const AT_A_TIME = 50;
const BULK: Shape = {
  filter: {
    type: 'object',
    required: true,
    about: 'At least one of status, taskId, queue, tag, workflowId, from, to.',
  },
  limit: { type: 'number', about: `Maximum number of executions, 1 to ${MAX}. Default ${MAX}.` },
};
const FILTER: Shape = {
  status: { type: ['string', 'array'] },
  taskId: { type: 'string' },
  queue: { type: 'string' },
  tag: { type: 'string' },
  workflowId: { type: 'string' },
  from: { type: ['string', 'number'] },
  to: { type: ['string', 'number'] },
};

/** Changes many executions by a filter, up to a limit; the rest is left for the next call. */
@Controller('api/executions')
export class BulkController {
  constructor(@Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler) {}

  @Post('cancel')
  @Weighs(() => 20)
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Cancels executions that match a filter and have not ended.', body: BULK })
  cancelExecutions(@Body(new BodyPipe(BULK)) body: Record<string, unknown>, @Req() request: ConsoleRequest) {
    return this.each(body, request, ['PENDING', 'RETRYING', 'RUNNING'], (id) => this.scheduler.cancelTask(id));
  }

  @Post('retry')
  @Weighs(() => 20)
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Runs FAILED, CANCELLED and SKIPPED executions that match a filter again.', body: BULK })
  retryExecutions(@Body(new BodyPipe(BULK)) body: Record<string, unknown>, @Req() request: ConsoleRequest) {
    return this.each(body, request, ['FAILED', 'CANCELLED', 'SKIPPED'], (id) => this.scheduler.retryTask(id));
  }

  private async each(
    body: Record<string, unknown>,
    request: ConsoleRequest,
    statuses: NonNullable<ListExecutionsOptions['status']>,
    act: (id: string) => Promise<boolean>,
  ): Promise<{ changed: number; matched: number; more: boolean }> {
    const { limit = MAX } = body as { limit?: number };
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX)
      throw new ConsoleError('INVALID_OPTION', 400, `limit: ${limit}; allowed: 1 to ${MAX}`, 'limit');
    const filter = checkShape(body.filter, FILTER, 'filter') as ListExecutionsOptions;
    if (Object.keys(filter).length === 0)
      throw new ConsoleError(
        'EMPTY_FILTER',
        400,
        `filter: empty; allowed: at least one of ${Object.keys(FILTER).join(', ')}`,
        'filter',
      );
    // All are found before the first is changed, since a change shifts the pages.
    const { ids, more } = await this.find({ status: statuses, ...filter }, limit);
    let changed = 0;
    for (let at = 0; at < ids.length; at += AT_A_TIME) {
      const done = await Promise.all(ids.slice(at, at + AT_A_TIME).map(act));
      changed += done.filter(Boolean).length;
    }
    request.changes = { before: { filter, matched: ids.length }, after: { changed } };
    return { changed, matched: ids.length, more };
  }

  private async find(query: ListExecutionsOptions, limit: number): Promise<{ ids: string[]; more: boolean }> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.scheduler.listExecutions({ ...query, limit: limit - ids.length, cursor });
      ids.push(...page.items.map(({ executionId }) => executionId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && ids.length < limit);
    return { ids, more: cursor !== undefined };
  }
}
