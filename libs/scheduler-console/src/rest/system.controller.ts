import { Controller, Get, Inject, Post, Query, Req } from '@nestjs/common';
import type { AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { RequireRole } from '../auth/access.decorator.js';
import { ConsoleAuthenticator } from '../auth/console-authenticator.js';
import { principalOf, type ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import { AUDIT_KINDS, AuditLog, type AuditKind } from '../security/audit-log.js';
import { NotAudited } from '../security/not-audited.decorator.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { Operation } from './operation.decorator.js';
import { QueryPipe, type QueryShape, type QueryValues } from './query.pipe.js';
import { Throughput } from './throughput.js';

const AUDIT: QueryShape = { limit: [1, 1000], kind: 'text' };

/** Health, workers, the caller, the audit log. */
@Controller('api')
export class SystemController {
  constructor(
    @Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler,
    private readonly authenticator: ConsoleAuthenticator,
    private readonly audit: AuditLog,
    private readonly throughput: Throughput,
  ) {}

  @Get('me')
  @Operation({ summary: 'The caller and its permissions.' })
  getMe(@Req() request: ConsoleRequest) {
    const { name, role, payloads } = principalOf(request);
    return { name, role, payloads };
  }

  @Get('overview')
  @Operation({
    summary:
      'Health, the number of workers, and the executions that ended in the last 60 minutes, as observed by this process.',
  })
  async getOverview() {
    const [health, workers] = await Promise.all([this.scheduler.getHealthStatus(), this.scheduler.listWorkers()]);
    return { health, workers: workers.length, throughput: this.throughput.lastHour() };
  }

  @Get('health/status')
  @Operation({ summary: 'Health, with its problems.' })
  getHealth() {
    return this.scheduler.getHealthStatus();
  }

  @Get('workers')
  @Operation({ summary: 'The workers of all nodes.' })
  async listWorkers() {
    return { items: await this.scheduler.listWorkers(), nextCursor: null };
  }

  @Get('audit')
  @RequireRole('admin')
  @Operation({
    summary:
      'Changes made through this process, rejected calls and failed sign-ins, newest first; 1,000 of each are kept. kind: changes, refused, sign-ins; default: all.',
    query: AUDIT,
  })
  listAudit(@Query(new QueryPipe(AUDIT)) { limit = 1000, kind }: QueryValues) {
    if (kind !== undefined && !AUDIT_KINDS.includes(kind as AuditKind))
      throw new ConsoleError(
        'INVALID_QUERY',
        400,
        `kind: ${JSON.stringify(kind)}; allowed: ${AUDIT_KINDS.join(', ')}`,
        'kind',
      );
    return { items: this.audit.list(Number(limit), kind as AuditKind | undefined), nextCursor: null };
  }

  @Post('live/tickets')
  @RequireRole('viewer')
  @NotAudited()
  @Operation({ summary: 'A ticket for one connection to the live channel within 30 s.', status: 201 })
  issueTicket(@Req() request: ConsoleRequest) {
    return { ticket: this.authenticator.issueTicket(principalOf(request)) };
  }
}
