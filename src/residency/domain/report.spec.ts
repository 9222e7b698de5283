import { describe, expect, it } from '@jest/globals';
import { sampleRoster } from '../sample/roster.js';
import { auditRoster } from './audit-roster.js';
import { generateCallSchedule } from './calls.js';
import { residentMessages, violationAlert } from './messages.js';
import { writeReport } from './report.js';
import { assembleRotations } from './rotations.js';

const plan = assembleRotations(sampleRoster);
const schedule = generateCallSchedule(sampleRoster, plan);
const audit = auditRoster(sampleRoster, plan, schedule);
const input = { roster: sampleRoster, plan, schedule, audit };
const { text, summary } = writeReport(input);

/** Rows of the table under a heading, cell by cell, read back from the Markdown. */
function rowsUnder(heading: string): string[][] {
  const section = text.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

describe('writeReport', () => {
  it('names every resident once in each table, with the place of each block', () => {
    const rotations = rowsUnder('Rotations');
    expect(rotations.map(([name]) => name)).toEqual(sampleRoster.residents.map(({ name }) => name));
    const wards = rotations.flatMap((row) => row.slice(2)).filter((cell) => cell.startsWith('Medical Wards'));
    expect(wards).toHaveLength(plan.assignments.filter(({ serviceId }) => serviceId === 'wards').length);
    expect(rowsUnder('Call and duty hours')).toHaveLength(14);
  });

  it('has columns that add up to its summary', () => {
    const rows = rowsUnder('Call and duty hours');
    const total = (column: number) => rows.reduce((sum, row) => sum + Number(row[column]), 0);
    expect(total(1)).toBe(84);
    expect(total(2)).toBe(24);
    expect(summary).toMatchObject({
      residents: 14,
      blocks: 3,
      calls: total(1),
      weekendCalls: total(2),
      dutyHours: total(3),
    });
    expect(summary.peakWeeklyHours).toBe(Math.max(...rows.map((row) => Number(row[4]))));
  });

  it('lists every violation, counted by rule', () => {
    const lines = text
      .split('## Violations\n')[1]!
      .split('\n')
      .filter((line) => line.startsWith('- '));
    expect(lines).toHaveLength(summary.violations);
    expect(Object.values(summary.violationsByRule).reduce((a, b) => a + b)).toBe(lines.length);
    expect(summary.residentsInViolation).toEqual(['okafor', 'whitaker', 'kowalczyk']);
    expect(lines[0]).toMatch(/^- Dr\. Adaeze Okafor: up to \d+(\.\d+)? hours a week/);
  });

  it('reports that there is none', () => {
    const clean = { residents: audit.residents.map((r) => ({ ...r, violations: 0 })), violations: [] };
    const report = writeReport({ ...input, audit: clean });
    expect(report.text).toContain('## Violations\n\nNone.\n');
    expect(report.summary).toMatchObject({ violations: 0, residentsInViolation: [] });
  });

  it('escapes a pipe in a name', () => {
    const residents = sampleRoster.residents.map((r, i) => (i === 0 ? { ...r, name: 'A|B' } : r));
    const report = writeReport({ ...input, roster: { ...sampleRoster, residents } });
    expect(report.text).toContain('| A\\|B | 3 |');
  });
});

describe('residentMessages', () => {
  const messages = residentMessages(input);

  it('writes one mail to each resident, which names all of their nights on call and no others', () => {
    expect(messages.map(({ to }) => to)).toEqual(sampleRoster.residents.map(({ email }) => email));
    messages.forEach(({ body }, i) => {
      const { residentId } = sampleRoster.residents[i]!;
      const nights =
        body
          .split('Your nights on call')[1]!
          .split('\n')[0]!
          .match(/\d{4}-\d{2}-\d{2}/g) ?? [];
      expect(nights).toEqual(schedule.calls.filter((call) => call.residentId === residentId).map(({ date }) => date));
    });
  });

  it('mentions violations only to those who have one', () => {
    const mentioned = messages
      .filter(({ body }) => body.includes('Duty-hour violations:'))
      .map(({ to }) => to.split('@')[0]);
    expect(mentioned).toEqual(['okafor', 'whitaker', 'kowalczyk']);
  });
});

describe('violationAlert', () => {
  it('reports every violation to the director, and writes no mail without one', () => {
    const alert = violationAlert(input)!;
    expect(alert.to).toBe(sampleRoster.director.email);
    expect(alert.body.split('\n')).toHaveLength(audit.violations.length);
    expect(violationAlert({ roster: sampleRoster, audit: { residents: [], violations: [] } })).toBeNull();
  });
});
