import { Inject, Injectable } from '@nestjs/common';
import { ScheduledTask, type TaskContext } from 'nestjs-advanced-scheduler';
import { DataDirectory } from './delivery/data-directory.js';
import { MailGateway } from './delivery/mail-gateway.js';
import { Outbox } from './delivery/outbox.js';
import { auditRoster } from './domain/audit-roster.js';
import { generateCallSchedule } from './domain/calls.js';
import { residentMessages, violationAlert } from './domain/messages.js';
import { writeReport, type ReportInput } from './domain/report.js';
import { assembleRotations } from './domain/rotations.js';
import type { Roster } from './domain/roster.js';
import * as define from './residency.definitions.js';

/** The roster that the tasks work on. */
export const ROSTER = Symbol('ROSTER');

/** The file of the newest schedule that was sent to all residents. */
export const PUBLISHED_SCHEDULE = 'published/schedule.json';

/** The steps of the residency workflow: each is thin; the work is in `domain`. */
@Injectable()
export class ResidencyTasks {
  constructor(
    @Inject(ROSTER) private readonly roster: Roster,
    private readonly directory: DataDirectory,
    private readonly outbox: Outbox,
    private readonly gateway: MailGateway,
  ) {}

  @ScheduledTask(define.assembleRotationsTask)
  assembleRotations(): define.ResidencyResults['rotations'] {
    const plan = assembleRotations(this.roster);
    const blocks = new Set(plan.assignments.map(({ block }) => block)).size;
    const core = plan.assignments.filter((assignment) => assignment.core).length;
    const summary = `${this.roster.residents.length} residents in ${blocks} blocks, all ${core} minimum places filled`;
    return { ...plan, summary };
  }

  @ScheduledTask(define.generateCallsTask)
  generateCalls(_payload: null, ctx: TaskContext): define.ResidencyResults['calls'] {
    const schedule = generateCallSchedule(this.roster, resultsOf(ctx).rotations);
    const residents = new Set(schedule.calls.map(({ residentId }) => residentId)).size;
    return { ...schedule, summary: `${schedule.calls.length} nights on call shared by ${residents} residents` };
  }

  @ScheduledTask(define.checkDutyHoursTask)
  checkDutyHours(_payload: null, ctx: TaskContext): define.ResidencyResults['duty-hours'] {
    const { rotations, calls } = resultsOf(ctx);
    const audit = auditRoster(this.roster, rotations, calls);
    const people = new Set(audit.violations.map(({ residentId }) => residentId)).size;
    const hours = Math.round(audit.residents.reduce((total, { totalHours }) => total + totalHours, 0));
    return {
      ...audit,
      summary: `${hours} hours of duty, ${audit.violations.length} violations by ${people} residents`,
    };
  }

  @ScheduledTask(define.writeReportTask)
  async writeReport(_payload: null, ctx: TaskContext): Promise<define.ResidencyResults['report']> {
    const { text, summary: figures } = writeReport(this.reportInput(ctx));
    const path = await this.directory.replace(`reports/duty-hours-${this.roster.startDate}.md`, text);
    return { path, figures, summary: `${text.split('\n').length} lines in ${path}` };
  }

  @ScheduledTask(define.alertViolationsTask)
  async alertViolations(_payload: null, ctx: TaskContext): Promise<define.Done & { violations: number }> {
    const audit = resultsOf(ctx)['duty-hours'];
    const alert = violationAlert({ roster: this.roster, audit });
    if (!alert) return { violations: 0, summary: 'no violations, no alert' };
    await this.outbox.post(ctx.executionId, [alert]);
    return {
      violations: audit.violations.length,
      summary: `${alert.to} told of ${audit.violations.length} violations`,
    };
  }

  @ScheduledTask(define.notifyStaffTask)
  async notifyStaff(_payload: null, ctx: TaskContext): Promise<define.Done & { messages: number }> {
    const messages = residentMessages(this.reportInput(ctx));
    ctx.signal.throwIfAborted();
    const sent = await this.gateway.send(ctx.executionId, messages);
    const summary = sent ? `${messages.length} mails sent` : `${messages.length} mails had been sent before`;
    return { messages: messages.length, summary };
  }

  @ScheduledTask(define.publishScheduleTask)
  async publishSchedule(_payload: null, ctx: TaskContext): Promise<define.Done & { path: string }> {
    const { rotations, calls } = resultsOf(ctx);
    const schedule = { plan: { assignments: rotations.assignments }, schedule: { calls: calls.calls } };
    const path = await this.directory.replace(PUBLISHED_SCHEDULE, `${JSON.stringify(schedule, null, 2)}\n`);
    return { path, summary: `schedule in ${path}` };
  }

  @ScheduledTask(define.escalateTask)
  async escalate(_payload: null, ctx: TaskContext): Promise<define.Done> {
    const { email } = this.roster.director;
    const body = 'The residents could not be told of their schedule; it has not been published.';
    await this.outbox.post(ctx.executionId, [{ to: email, subject: `${this.roster.program}: mail is down`, body }]);
    return { summary: `${email} told that the mail is down` };
  }

  private reportInput(ctx: TaskContext): ReportInput {
    const { rotations, calls, 'duty-hours': audit } = resultsOf(ctx);
    return { roster: this.roster, plan: rotations, schedule: calls, audit };
  }
}

function resultsOf(ctx: TaskContext): define.ResidencyResults {
  return ctx.results as Readonly<Record<string, unknown>> as unknown as define.ResidencyResults;
}
