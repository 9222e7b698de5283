import { dateOf, roundHours } from './calendar.js';
import type { CallSchedule } from './calls.js';
import type { DutyAudit } from './duty-hours.js';
import { ACGME_RULES, describeViolation, RULE_NAMES, type RuleName } from './duty-rules.js';
import type { RotationPlan } from './rotations.js';
import { periodOf, type Roster } from './roster.js';

/** The figures of a report. */
export interface ReportSummary {
  residents: number;
  blocks: number;
  calls: number;
  weekendCalls: number;
  /** Hours of duty of all residents. */
  dutyHours: number;
  /** The highest four-week average of any resident, hours a week. */
  peakWeeklyHours: number;
  violations: number;
  violationsByRule: Record<RuleName, number>;
  /** Residents with a violation, in the roster's order. */
  residentsInViolation: string[];
}

export interface Report {
  /** Markdown. */
  text: string;
  summary: ReportSummary;
}

/** The input of a report. */
export interface ReportInput {
  roster: Roster;
  plan: RotationPlan;
  schedule: CallSchedule;
  audit: DutyAudit;
}

/** The program director's report: rotations, calls, and violations of the duty-hour rules. */
export function writeReport(input: ReportInput): Report {
  const { roster, schedule, audit } = input;
  const { firstDay, days } = periodOf(roster);
  const summary = summarize(input);
  const text = [
    `# ${roster.program}: schedule and duty hours`,
    '',
    `${dateOf(firstDay)} to ${dateOf(firstDay + days - 1)}: ${summary.blocks} blocks of four weeks, ` +
      `${summary.residents} residents, ${schedule.calls.length} nights of call, ${summary.dutyHours} hours of duty.`,
    '',
    '## Rotations',
    '',
    ...rotationTable(input),
    '',
    'Places marked * are beyond the minimum of the service.',
    '',
    '## Call and duty hours',
    '',
    ...dutyTable(input),
    '',
    '## Violations',
    '',
    ...violationList(roster, audit),
    '',
    rulesLine(),
    '',
  ].join('\n');
  return { text, summary };
}

function summarize({ roster, plan, schedule, audit }: ReportInput): ReportSummary {
  const violationsByRule = Object.fromEntries(
    RULE_NAMES.map((name) => [name, audit.violations.filter(({ rule }) => rule === name).length]),
  ) as Record<RuleName, number>;
  return {
    residents: roster.residents.length,
    blocks: new Set(plan.assignments.map(({ block }) => block)).size,
    calls: schedule.calls.length,
    weekendCalls: schedule.calls.filter(({ weekend }) => weekend).length,
    dutyHours: roundHours(audit.residents.reduce((total, { totalHours }) => total + totalHours, 0)),
    peakWeeklyHours: Math.max(0, ...audit.residents.map(({ peakWeeklyHours }) => peakWeeklyHours)),
    violations: audit.violations.length,
    violationsByRule,
    residentsInViolation: audit.residents.filter(({ violations }) => violations > 0).map((r) => r.residentId),
  };
}

function rotationTable({ roster, plan }: ReportInput): string[] {
  const blocks = [...new Set(plan.assignments.map(({ block }) => block))];
  const starts = blocks.map((block) => `from ${dateOf(periodOf(roster, block).firstDay)}`);
  const serviceName = new Map(roster.services.map(({ serviceId, name }) => [serviceId, name]));
  const places = new Map(
    plan.assignments.map(({ block, residentId, serviceId, core }) => [
      `${block} ${residentId}`,
      `${serviceName.get(serviceId)}${core ? '' : ' *'}`,
    ]),
  );
  const rows = roster.residents.map(({ residentId, name, pgy }) => [
    name,
    String(pgy),
    ...blocks.map((block) => places.get(`${block} ${residentId}`) ?? ''),
  ]);
  return table(['Resident', 'PGY', ...starts], rows);
}

function dutyTable({ roster, schedule, audit }: ReportInput): string[] {
  const nameOf = new Map(roster.residents.map(({ residentId, name }) => [residentId, name]));
  const head = [
    'Resident',
    'Calls',
    'Weekend',
    'Hours',
    'Peak h/week',
    'Fewest free days',
    'Shortest rest',
    'Longest duty',
  ];
  const rows = audit.residents.map((duty) => {
    const calls = schedule.calls.filter(({ residentId }) => residentId === duty.residentId);
    return [
      nameOf.get(duty.residentId) ?? duty.residentId,
      String(calls.length),
      String(calls.filter(({ weekend }) => weekend).length),
      String(duty.totalHours),
      String(duty.peakWeeklyHours),
      String(duty.fewestFreeDays ?? '-'),
      duty.shortestRest === null ? '-' : `${duty.shortestRest} h`,
      `${duty.longestDuty} h`,
    ];
  });
  return table(head, rows);
}

function violationList(roster: Roster, audit: DutyAudit): string[] {
  if (audit.violations.length === 0) return ['None.'];
  const nameOf = new Map(roster.residents.map(({ residentId, name }) => [residentId, name]));
  return audit.violations.map((v) => `- ${nameOf.get(v.residentId) ?? v.residentId}: ${describeViolation(v)}`);
}

function rulesLine(): string {
  const r = ACGME_RULES;
  return (
    `Rules: at most ${r.maxWeeklyHours} hours a week and one day in ${r.daysPerFreeDay} free, both averaged over ` +
    `${r.windowDays} days without vacation; ${r.minRestHours} hours of rest between shifts and ` +
    `${r.minRestAfterCallHours} after ${r.longCallHours} hours of duty; at most ${r.maxContinuousHours} hours on end.`
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
