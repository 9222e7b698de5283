import { PRIORITIES, type Health, type Overview, type RecentError } from '../api/types';
import { ThroughputChart } from '../components/chart';
import { Page, Panel } from '../components/page';
import { Empty, Loaded } from '../components/states';
import { StatusBadge } from '../components/status';
import { Ago } from '../components/time';
import { count, duration, percent } from '../lib/format';
import { href } from '../lib/router';
import { on, useResource } from '../live/use-resource';

/** Ages grow without any event. */
const EVERY_MS = 5_000;

export function OverviewPage() {
  const overview = useResource<Overview>('overview', {
    staleOn: on('execution', 'queue', 'worker', 'lock'),
    every: EVERY_MS,
  });
  return (
    <Page title="Overview" aside={overview.data && <StatusBadge status={overview.data.health.status} />}>
      <Loaded from={overview}>
        {({ health, workers, throughput }) => (
          <div class="stack">
            {health.problems.length > 0 && (
              <ul class="notice notice-warn" aria-label="Problems">
                {health.problems.map((problem) => (
                  <li key={problem}>{problem}</li>
                ))}
              </ul>
            )}
            <Tiles health={health} workers={workers} />
            <div class="columns">
              <Panel title="Throughput">
                <ThroughputChart points={throughput} />
              </Panel>
              <Panel title="Waiting by priority">
                <Depths health={health} />
              </Panel>
            </div>
            <Panel title="Recent errors" flush>
              <RecentErrors errors={[...health.recentErrors].reverse()} />
            </Panel>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Tiles({ health, workers }: { health: Health; workers: number }) {
  const { queueStats } = health;
  return (
    <div class="tiles">
      <Tile term="Success rate" value={percent(health.successRate)} note="of those ended in the window" />
      <Tile
        term="Running"
        value={count(health.runningTasks)}
        note={`${health.maxConcurrentTasks} slots in this process`}
        to={href('executions', { status: 'RUNNING' })}
      />
      <Tile term="Ready" value={count(queueStats.totalQueued)} note="may start at once" to={href('queues')} />
      <Tile
        term="Waiting"
        value={count(queueStats.totalWaiting - queueStats.totalQueued)}
        note={`${count(queueStats.delayed)} time · ${count(queueStats.waitingForDependencies)} dependencies · ${count(queueStats.waitingForLock)} lock · ${count(queueStats.waitingForHandler)} handler`}
        to={href('executions', { status: 'PENDING' })}
      />
      <Tile term="Average run" value={duration(health.averageExecutionTime * 1_000)} note="start to end" />
      <Tile
        term="Workers"
        value={count(workers)}
        note={`up for ${duration(health.uptimeSeconds * 1_000)}`}
        to={href('workers')}
      />
    </div>
  );
}

function Tile({ term, value, note, to }: { term: string; value: string; note: string; to?: string }) {
  const inside = (
    <>
      <span class="tile-term">{term}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-note">{note}</span>
    </>
  );
  return to === undefined ? (
    <div class="tile">{inside}</div>
  ) : (
    <a class="tile" href={to}>
      {inside}
    </a>
  );
}

function Depths({ health: { queueStats } }: { health: Health }) {
  const most = Math.max(1, ...PRIORITIES.map((priority) => queueStats.byPriority[priority]));
  return (
    <>
      <table class="depths">
        <thead>
          <tr>
            <th scope="col">Priority</th>
            <th scope="col" class="wide">
              <span class="sr-only">Share</span>
            </th>
            <th scope="col" class="num">
              Ready
            </th>
            <th scope="col" class="num">
              Oldest
            </th>
          </tr>
        </thead>
        <tbody>
          {PRIORITIES.map((priority) => (
            <tr key={priority}>
              <th scope="row">{priority.toLowerCase()}</th>
              <td class="wide">
                <span class="bar" aria-hidden="true">
                  <span style={{ width: `${(100 * queueStats.byPriority[priority]) / most}%` }} />
                </span>
              </td>
              <td class="num">{count(queueStats.byPriority[priority])}</td>
              <td class="num">
                {queueStats.byPriority[priority] === 0 ? (
                  <span class="muted">–</span>
                ) : (
                  duration(queueStats.oldestAgeSeconds[priority] * 1_000)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {queueStats.pausedQueues.length > 0 && (
        <p class="hint">
          Paused: <a href={href('queues')}>{queueStats.pausedQueues.join(', ')}</a>
        </p>
      )}
    </>
  );
}

function RecentErrors({ errors }: { errors: readonly RecentError[] }) {
  if (errors.length === 0) return <Empty title="No recent failures" />;
  return (
    <ul class="errors">
      {errors.map(({ executionId, taskName, error, time }) => (
        <li key={`${executionId}${time}`}>
          <a href={href('executions', executionId)}>{taskName}</a>
          <span class="error-text">
            <strong>{error.name}</strong> {error.message}
          </span>
          <span class="muted">
            <Ago time={time} />
          </span>
        </li>
      ))}
    </ul>
  );
}
