import type { ComponentChildren } from 'preact';
import type { Execution, WaitingFor } from '../api/types';
import { statusLabel } from '../components/status';
import { Ago, At } from '../components/time';
import { href } from '../lib/router';

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
      {statusLabel(status)}: {reason}.
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
          Waits for the lock <a href={href('locks')}>{on.lock?.key}</a>, held by{' '}
          {on.lock?.heldBy ?? 'nobody: it is next'}.
        </>
      );
    case 'limit':
      return <>Waits: the limit {on.limit?.key} is reached.</>;
    case 'handler':
      return <>Waits: no live worker handles {on.handler?.funcPath}.</>;
    default:
      return <>Stands in the queue {on.queue} until a worker has a free slot.</>;
  }
}
