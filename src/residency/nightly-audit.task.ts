import { Inject, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ScheduledTask, type TaskContext } from 'nestjs-advanced-scheduler';
import type { Environment } from '../config/env.js';
import { DataDirectory } from './delivery/data-directory.js';
import { auditRoster } from './domain/audit-roster.js';
import type { CallSchedule } from './domain/calls.js';
import type { Violation } from './domain/duty-rules.js';
import type { RotationPlan } from './domain/rotations.js';
import type { Roster } from './domain/roster.js';
import type { Done } from './residency.definitions.js';
import { PUBLISHED_SCHEDULE, ROSTER } from './residency.tasks.js';

export const NIGHTLY_AUDIT = 'residency.nightly.audit';

export interface NightlyAudit extends Done {
  published: boolean;
  violations: Violation[];
}

/**
 * Checks the published schedule every night against the current roster: extra shifts or changed vacations may violate
 * rules that the schedule observed when it was created.
 */
@Injectable()
export class NightlyAuditTask {
  constructor(
    @Inject(ROSTER) private readonly roster: Roster,
    private readonly directory: DataDirectory,
  ) {}

  @ScheduledTask(NIGHTLY_AUDIT, {
    inject: [ConfigService],
    useFactory: (config: ConfigService<Environment, true>) => ({
      taskName: 'Nightly audit',
      priority: 'LOW',
      timeout: '5m',
      cron: {
        expression: config.get('NIGHTLY_CRON', { infer: true }),
        timezone: config.get('TIMEZONE', { infer: true }),
      },
    }),
  })
  async audit(_payload: null, ctx: TaskContext): Promise<NightlyAudit> {
    const text = await this.directory.read(PUBLISHED_SCHEDULE);
    if (text === null) return { published: false, violations: [], summary: 'no schedule is published yet' };
    const { plan, schedule } = JSON.parse(text) as { plan: RotationPlan; schedule: CallSchedule };
    const { violations } = auditRoster(this.roster, plan, schedule);
    const date = ctx.scheduledTime.toISOString().slice(0, 10);
    const path = await this.directory.replace(
      `audits/${date}.json`,
      `${JSON.stringify({ date, violations }, null, 2)}\n`,
    );
    return {
      published: true,
      violations,
      summary: `${violations.length} violations in the published schedule: ${path}`,
    };
  }
}
