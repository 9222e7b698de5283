import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { AdvancedTaskScheduler, QueueInfo } from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import type { ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { IdPipe } from './id.pipe.js';
import { Operation } from './operation.decorator.js';

/** Ready executions, by queue. */
@Controller('api/queues')
export class QueuesController {
  constructor(@Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler) {}

  @Get()
  @Operation({ summary: 'The queues, with their ready executions by priority.' })
  async listQueues() {
    return { items: await this.scheduler.listQueues(), nextCursor: null };
  }

  @Post(':name/pause')
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Stops claims from a queue, on every node.' })
  pauseQueue(@Param('name', new IdPipe()) name: string, @Req() request: ConsoleRequest) {
    return this.change(name, request, () => this.scheduler.taskQueue.pause(name));
  }

  @Post(':name/resume')
  @HttpCode(200)
  @RequireRole('operator')
  @Operation({ summary: 'Resumes claims from a queue.' })
  resumeQueue(@Param('name', new IdPipe()) name: string, @Req() request: ConsoleRequest) {
    return this.change(name, request, () => this.scheduler.taskQueue.resume(name));
  }

  private async change(name: string, request: ConsoleRequest, act: () => Promise<void>): Promise<QueueInfo> {
    const before = await this.find(name);
    await act();
    const after = await this.find(name);
    request.changes = { before: { paused: before.paused }, after: { paused: after.paused } };
    return after;
  }

  private async find(name: string): Promise<QueueInfo> {
    const queue = (await this.scheduler.listQueues()).find((each) => each.name === name);
    if (!queue) throw new ConsoleError('QUEUE_NOT_FOUND', 404, `no queue '${name}': no task uses it`);
    return queue;
  }
}
