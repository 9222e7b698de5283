import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { AdvancedTaskScheduler, LockInfo } from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import type { ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import { Weighs } from '../security/weight.decorator.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { BodyPipe } from './body.pipe.js';
import { LockKeyPipe } from './id.pipe.js';
import { Operation } from './operation.decorator.js';
import { QueryPipe, type QueryShape, type QueryValues } from './query.pipe.js';
import { pageOfLocks } from './rows.js';
import type { Shape } from './shape.js';

const PAGE: QueryShape = { limit: [1, 1000], cursor: 'text' };
const DEFAULT_LIMIT = 200;
const RELEASE: Shape = {
  fencingToken: {
    type: 'number',
    about: 'Token of the expected holder; if the holder has changed, the lock stays as it is.',
  },
};

/** Locks and their holders. */
@Controller('api/locks')
export class LocksController {
  constructor(@Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler) {}

  @Get()
  @Weighs(() => 5)
  @Operation({ summary: 'Locks held or waited for, with their holders, by key.', query: PAGE })
  async listLocks(@Query(new QueryPipe(PAGE)) { limit = DEFAULT_LIMIT, cursor }: QueryValues) {
    return pageOfLocks(await this.scheduler.lockManager.list(), Number(limit), cursor?.toString());
  }

  @Post(':key/force-release')
  @HttpCode(200)
  @RequireRole('admin')
  @Operation({
    summary:
      'Takes a lock from its holder, whose signal aborts, and gives it to the next. An execution goes back to its queue and may take it anew, with a larger token.',
    body: RELEASE,
  })
  async forceReleaseLock(
    @Param('key', new LockKeyPipe()) key: string,
    @Body(new BodyPipe(RELEASE)) { fencingToken }: { fencingToken?: number },
    @Req() request: ConsoleRequest,
  ) {
    const before = await this.look(key);
    if (before?.owner != null && fencingToken !== undefined && fencingToken !== before.fencingToken)
      throw new ConsoleError(
        'STALE_TOKEN',
        409,
        `fencingToken: ${fencingToken} is not that of the current holder, which is ${before.fencingToken}`,
        'fencingToken',
      );
    const released = before?.owner != null && (await this.scheduler.lockManager.forceRelease(key));
    if (!released) throw new ConsoleError('LOCK_NOT_HELD', 404, `lock ${JSON.stringify(key)} is not held`);
    const after = await this.look(key);
    request.changes = { before: { owner: before.owner }, after: { owner: after?.owner ?? null } };
    return { key, released, from: { owner: before.owner, fencingToken: before.fencingToken } };
  }

  private async look(key: string): Promise<LockInfo | undefined> {
    return (await this.scheduler.lockManager.list()).find((lock) => lock.key === key);
  }
}
