import { Injectable, Logger } from '@nestjs/common';
import { AdvancedTaskScheduler, defineTask, ScheduledTask, type TaskContext } from 'nestjs-advanced-scheduler';
import { setTimeout as wait } from 'node:timers/promises';

interface Patient {
  patient: string;
  room: string;
}

const ROOMS = ['north', 'south', 'west'];
const success = (...refs: string[]) => refs.map((ref) => ({ ref, type: 'success' as const }));

const triage = defineTask<Patient, { urgent: boolean }>('demo.triage', { taskName: 'Triage', priority: 'HIGH' });
const laboratory = defineTask<Patient, { samples: number }>('demo.laboratory', {
  taskName: 'Laboratory',
  retryConfig: { maxAttempts: 3, initialDelay: '1s', maxDelay: '5s' },
});
const imaging = defineTask<Patient, { images: number }>('demo.imaging', {
  taskName: 'Imaging',
  requireLock: true,
  lockKey: ({ room }: Patient) => `demo.scanner.${room}`,
  lockTimeout: '1m',
});
const review = defineTask<Patient, string>('demo.review', { taskName: 'Review', timeout: '4s' });
const repeat = defineTask<Patient, string>('demo.repeat', { taskName: 'Repeat laboratory', priority: 'CRITICAL' });
const letter = defineTask<Patient, string>('demo.letter', { taskName: 'Letter', priority: 'BACKGROUND' });

/** Live work for the dashboard: a patient every three seconds, with retries, failures, timeouts, locks and progress. */
@Injectable()
export class DemoTasks {
  private readonly logger = new Logger('Demo');
  private arrived = 0;

  constructor(private readonly scheduler: AdvancedTaskScheduler) {}

  @ScheduledTask('demo.admission', {
    taskName: 'Admission',
    priority: 'HIGH',
    cron: { expression: '*/3 * * * * *' },
  })
  async admit(): Promise<string> {
    const patient = `patient-${++this.arrived}`;
    const payload: Patient = { patient, room: ROOMS[this.arrived % ROOMS.length]! };
    const node = ({ taskId }: { taskId: string }, ref: string) => ({ ref, taskId, payload });
    const { workflowId } = await this.scheduler.runWorkflow({
      name: 'patient',
      tasks: [
        { ...node(triage, 'triage'), dependencies: [] },
        { ...node(laboratory, 'laboratory'), dependencies: success('triage') },
        { ...node(imaging, 'imaging'), dependencies: success('triage') },
        { ...node(review, 'review'), dependencies: success('laboratory', 'imaging') },
        { ...node(repeat, 'repeat'), dependencies: [{ ref: 'laboratory', type: 'failure' }] },
        { ...node(letter, 'letter'), dependencies: [{ ref: 'review', type: 'always' }] },
      ],
    });
    this.logger.log(`${patient} arrives: workflow ${workflowId}`);
    return workflowId;
  }

  @ScheduledTask(triage)
  async triage(_patient: Patient, ctx: TaskContext) {
    await work(ctx, 300);
    return { urgent: Math.random() < 0.3 };
  }

  @ScheduledTask(laboratory)
  async laboratory({ patient }: Patient, ctx: TaskContext) {
    await work(ctx, 1000);
    if (Math.random() < 0.4) throw new Error(`a sample of ${patient} is haemolysed`);
    return { samples: 3 };
  }

  @ScheduledTask(imaging)
  async imaging({ room }: Patient, ctx: TaskContext) {
    const images = 8;
    for (let image = 1; image <= images; image++) {
      await work(ctx, 400);
      ctx.progress(image / images, `image ${image} of ${images} in room ${room}`);
    }
    return { images };
  }

  @ScheduledTask(review)
  async review({ patient }: Patient, ctx: TaskContext) {
    // One in ten exceeds the timeout of the task.
    await work(ctx, Math.random() < 0.1 ? 10_000 : 1500);
    return `${patient} may go home`;
  }

  @ScheduledTask(repeat)
  async repeat({ patient }: Patient, ctx: TaskContext) {
    await work(ctx, 500);
    return `new samples of ${patient} are ordered`;
  }

  @ScheduledTask(letter)
  async letter({ patient }: Patient, ctx: TaskContext) {
    await work(ctx, 800);
    return `letter about ${patient}`;
  }
}

/** Takes half to one and a half of `ms`; ends early when the run is aborted. */
async function work({ signal }: TaskContext, ms: number): Promise<void> {
  await wait(ms * (0.5 + Math.random()), undefined, { signal });
}
