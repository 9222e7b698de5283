import type { Command } from 'commander';
import type { CronSchedule } from 'nestjs-advanced-scheduler';
import { printLine, printRows } from '../output.js';
import type { Tools } from '../tools.js';

/** As the console shows it: a caller who may not read payloads gets none. */
export type Schedule = Omit<CronSchedule, 'payload'> & { payload?: unknown };

/** schedules list, pause, resume, trigger. */
export function addSchedules(program: Command, { client, output }: Tools): void {
  const schedules = program.command('schedules').description('schedules by cron expression');

  schedules
    .command('list', { isDefault: true })
    .description('the schedules, with their next ticks (default)')
    .action(async () => {
      const { items } = await client().list<Schedule>('schedules');
      printRows(output(), items, [
        ['ID', (row) => row.id],
        ['TASK', (row) => row.taskId],
        ['CRON', (row) => row.cronExpression],
        ['TIMEZONE', (row) => row.timezone],
        ['PAUSED', (row) => (row.paused ? 'yes' : 'no')],
        ['NEXT', (row) => row.nextRunTime],
        ['DECLARED BY', (row) => row.declaredBy],
      ]);
    });

  for (const [verb, about] of [
    ['pause', 'stop the ticks of a schedule'],
    ['resume', 'resume a schedule from now'],
  ] as const)
    schedules
      .command(`${verb} <id>`)
      .description(about)
      .action(async (id: string) => {
        const schedule = await client().post<Schedule>(`schedules/${encodeURIComponent(id)}/${verb}`);
        const next = schedule.paused ? 'paused' : `next tick ${schedule.nextRunTime ?? 'none'}`;
        printLine(output(), `${schedule.id}: ${next}`, schedule);
      });

  schedules
    .command('trigger <id>')
    .description("schedule an execution of the schedule's task now, with its payload")
    .action(async (id: string) => {
      const done = await client().post<{ executionId: string }>(`schedules/${encodeURIComponent(id)}/trigger`);
      printLine(output(), done.executionId, done);
    });
}
