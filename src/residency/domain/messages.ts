import { dateOf } from './calendar.js';
import { describeViolation } from './duty-rules.js';
import type { ReportInput } from './report.js';
import { periodOf } from './roster.js';

/** A mail to be sent. */
export interface Message {
  to: string;
  subject: string;
  body: string;
}

/** One mail for each resident: rotations, nights of call, and violations of the rules. */
export function residentMessages({ roster, plan, schedule, audit }: ReportInput): Message[] {
  const serviceName = new Map(roster.services.map(({ serviceId, name }) => [serviceId, name]));
  const start = dateOf(periodOf(roster).firstDay);
  return roster.residents.map(({ residentId, name, email }) => {
    const own = <T extends { residentId: string }>(items: readonly T[]): T[] =>
      items.filter((item) => item.residentId === residentId);
    const calls = own(schedule.calls).map(({ date, weekend }) => `${date}${weekend ? ' (weekend)' : ''}`);
    const lines = [
      `Dear ${name},`,
      '',
      'Your rotations:',
      ...own(plan.assignments).map(({ firstDate, serviceId }) => `- from ${firstDate}: ${serviceName.get(serviceId)}`),
      '',
      `Your nights on call (${calls.length}): ${calls.join(', ') || 'none'}`,
    ];
    const violations = own(audit.violations);
    if (violations.length > 0)
      lines.push('', 'Duty-hour violations:', ...violations.map((v) => `- ${describeViolation(v)}`));
    return { to: email, subject: `${roster.program}: your schedule from ${start}`, body: lines.join('\n') };
  });
}

/** The mail to the program director about all violations; null if there are none. */
export function violationAlert({ roster, audit }: Pick<ReportInput, 'roster' | 'audit'>): Message | null {
  const count = audit.violations.length;
  if (count === 0) return null;
  const nameOf = new Map(roster.residents.map(({ residentId, name }) => [residentId, name]));
  return {
    to: roster.director.email,
    subject: `${roster.program}: ${count} duty-hour ${count === 1 ? 'violation' : 'violations'}`,
    body: audit.violations
      .map((v) => `- ${nameOf.get(v.residentId) ?? v.residentId}: ${describeViolation(v)}`)
      .join('\n'),
  };
}
