import { useState } from 'preact/hooks';
import { post } from '../api/client';
import type { Lock, Page as PageOf } from '../api/types';
import { Action } from '../components/button';
import { confirm } from '../components/dialog';
import { Page, Panel } from '../components/page';
import { Pager } from '../components/pager';
import { Empty, Loaded } from '../components/states';
import { StatusBadge } from '../components/status';
import { Table, type Column } from '../components/table';
import { act } from '../components/toasts';
import { count, duration } from '../lib/format';
import { href } from '../lib/router';
import { on, useResource } from '../live/use-resource';

const EVERY_MS = 5_000;
const PAGE_SIZE = 100;

export function LocksPage() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const locks = useResource<PageOf<Lock>>('locks', {
    query: { limit: PAGE_SIZE, cursor: cursors.at(-1) },
    staleOn: on('lock', 'execution'),
    every: EVERY_MS,
  });
  const next = locks.data?.nextCursor ?? null;
  const columns: readonly Column<Lock>[] = [
    { title: 'Key', kind: 'wide', cell: (row) => <span class="strong mono">{row.key}</span> },
    { title: 'State', kind: 'tight', cell: (row) => <StatusBadge status={row.owner === null ? 'free' : 'held'} /> },
    { title: 'Holder', kind: 'tight', cell: (row) => <Holder lock={row} /> },
    {
      title: 'Expires in',
      kind: 'num',
      cell: (row) => (row.remaining === null ? <span class="muted">–</span> : duration(row.remaining)),
    },
    { title: 'Waiting', kind: 'num', cell: (row) => count(row.waiting) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (row) => row.owner !== null && <ForceRelease lock={row} after={locks.refresh} />,
    },
  ];
  return (
    <Page title="Locks">
      <Panel flush>
        <Loaded from={locks}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No lock is held">A lock appears while an execution or a handle holds it.</Empty>
            ) : (
              <Table label="Locks" columns={columns} rows={items} rowKey={(row) => row.key} />
            )
          }
        </Loaded>
        {(next !== null || cursors.length > 0) && (
          <Pager
            of="locks"
            text={locks.data ? `${locks.data.items.length} shown, by key` : ''}
            onNewer={cursors.length === 0 ? null : () => setCursors(cursors.slice(0, -1))}
            onOlder={next === null ? null : () => setCursors([...cursors, next])}
          />
        )}
      </Panel>
    </Page>
  );
}

/** An execution, or code that holds a handle. The token tells one run of an execution from the next. */
function Holder({ lock: { owner, kind, fencingToken } }: { lock: Lock }) {
  if (owner === null) return <span class="muted">–</span>;
  return (
    <>
      {kind === 'execution' ? (
        <a class="mono" href={href('executions', owner)}>
          {owner}
        </a>
      ) : (
        <span class="mono">{owner.replace(/^handle:/, '')}</span>
      )}
      <span class="sub">
        {kind === 'execution' ? 'execution' : 'handle of the app'}, token {fencingToken}
      </span>
    </>
  );
}

function ForceRelease({ lock, after }: { lock: Lock; after: () => void }) {
  const { key, fencingToken } = lock;
  const run = async (): Promise<void> => {
    const text = `${key} is taken from its holder. Its work is asked to stop, but may still be running. ${whatNext(lock)}`;
    if (!(await confirm('Release this lock by force', text, 'Release'))) return;
    const done = `Lock ${key} taken from token ${fencingToken}`;
    await act(() => post(`locks/${encodeURIComponent(key)}/force-release`), done);
    after();
  };
  return (
    <Action needs="admin" kind="danger" run={run} label={`Release lock ${key} by force`}>
      Release
    </Action>
  );
}

function whatNext({ kind, waiting }: Lock): string {
  if (waiting > 0) return `The next of ${count(waiting)} waiting gets it.`;
  if (kind !== 'execution') return 'No one waits for it.';
  return 'No one else waits for it: the execution acquires it again in a new run, with a new token. Cancel the execution to free the lock for good.';
}
