import type { Status } from '../api/types';

const LABELS: Record<string, string> = {
  PENDING: 'Pending',
  RUNNING: 'Running',
  RETRYING: 'Retrying',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  SKIPPED: 'Skipped',
  WORKER_LOST: 'Worker lost',
  healthy: 'Healthy',
  degraded: 'Degraded',
  unhealthy: 'Unhealthy',
  active: 'Active',
  draining: 'Draining',
  paused: 'Paused',
  open: 'Open',
  held: 'Held',
  free: 'Free',
};

/** A state as a coloured dot with its name: colour is never alone. */
export function StatusBadge({ status }: { status: string }) {
  return (
    <span class="badge" data-status={status}>
      {statusLabel(status)}
    </span>
  );
}

export function statusLabel(status: string): string {
  return LABELS[status] ?? status;
}

export function isTerminal(status: Status): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED' || status === 'SKIPPED';
}

export function isRetryable(status: Status): boolean {
  return status === 'FAILED' || status === 'CANCELLED' || status === 'SKIPPED';
}
