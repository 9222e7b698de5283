import type { AdvancedTaskScheduler, HealthStatus, QueueInfo, WorkerInfo } from 'nestjs-advanced-scheduler';

/** What a client that has missed events goes on from. */
export interface Snapshot {
  health: HealthStatus;
  workers: WorkerInfo[];
  queues: QueueInfo[];
}

export async function takeSnapshot(scheduler: AdvancedTaskScheduler): Promise<Snapshot> {
  const [health, workers, queues] = await Promise.all([
    scheduler.getHealthStatus(),
    scheduler.listWorkers(),
    scheduler.listQueues(),
  ]);
  return { health, workers, queues };
}
