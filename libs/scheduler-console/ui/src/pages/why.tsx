import type { ComponentChildren } from 'preact';
import type { Execution, WaitingFor } from '../api/types';
import { statusLabel } from '../components/status';
import { Ago, At } from '../components/time';
import { href } from '../lib/router';

/** The reasons of the library, for people. */
const REASONS: Readonly<Record<string, string>> = {
  DEPENDENCY_FAILED: 'a dependency did not end with the required status',
  DEPENDENCY_TIMEOUT: 'a dependency did not end in time',
  OVERLAP: 'the previous one was still running',
  MISFIRED: 'its time had passed',
  WORKER_LOST: 'its worker was lost too often',
  TIMEOUT: 'an attempt took longer than its timeout',
  LOCK_TIMEOUT: 'its lock was not free in time',
  EXPIRED: 'no run began within its ttl',
  FORBIDDEN: 'a guard refused it',
  CANCELLED: 'it was asked to stop',
  TASK_UNREGISTERED: 'its task was unregistered',
  NON_RETRYABLE: 'its error rules out another attempt',
  RETRIES_EXHAUSTED: 'its attempts are used up',
  HANDLER_FAILED: 'its handler failed, and it has no retries',
  SNOOZES_EXHAUSTED: 'its handler postponed it too often',
  SNOOZED: 'its handler put it off',
};

/** Why the execution is where it is, in one sentence with links. Nothing for one that completed. */
export function Why({ execution }: { execution: Execution }) {
  const text = sentence(execution);
  if (text === null) return null;
  return (
    <p class="notice" data-status={execution.status}>
      {text}
    </p>
  );
}

function sentence({
  status,
  waitingFor,
  reason,
  rootCause,
  cancelRequestedTime,
  startedTime,
}: Execution): ComponentChildren {
  if (waitingFor) return <Waiting on={waitingFor} />;
  if (status === 'RUNNING') {
    return (
      <>
        Running since <At time={startedTime} />
        {cancelRequestedTime && ', and asked to cancel'}.
      </>
    );
  }
  if (rootCause) {
    return (
      <>
        {statusLabel(status)}
        {reason ? ` (${reason})` : ''}, since <a href={href('executions', rootCause.executionId)}>{rootCause.taskId}</a>{' '}
        ended as {statusLabel(rootCause.status).toLowerCase()}.
      </>
    );
  }
  if (status === 'COMPLETED' || reason === null) return null;
  return (
    <>
      {statusLabel(status)}: {REASONS[reason] ?? 'for another reason'} ({reason}).
    </>
  );
}

function Waiting({ on }: { on: WaitingFor }) {
  switch (on.kind) {
    case 'paused':
      return (
        <>
          Waits: the queue <a href={href('queues')}>{on.queue}</a> is paused.
        </>
      );
    case 'time':
      return (
        <>
          Waits for its time: due <Ago time={on.until ?? null} />.
        </>
      );
    case 'dependencies':
      return (
        <>
          Waits for{' '}
          {on.dependencies?.map(({ ref, type, executionId, status }, index) => (
            <span key={ref}>
              {index > 0 && ', '}
              {executionId ? <a href={href('executions', executionId)}>{ref}</a> : ref} ({type},{' '}
              {status ? statusLabel(status).toLowerCase() : 'not scheduled yet'})
            </span>
          ))}
          .
        </>
      );
    case 'lock':
      return (
        <>
          Waits for the lock <a href={href('locks')}>{on.lock?.key}</a>,{' '}
          {on.lock?.heldBy ? `held by ${on.lock.heldBy}` : 'reserved for another execution for up to 1 s'}.
        </>
      );
    case 'limit':
      return <>Waits: the limit {on.limit?.key} is reached.</>;
    case 'handler':
      return <>Waits: no live worker handles {on.handler?.funcPath}.</>;
    default:
      return <>Waits in the queue {on.queue} until a worker has a free slot.</>;
  }
}
