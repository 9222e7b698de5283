import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from './api/client';
import { me, signOut } from './api/session';
import type { Me } from './api/types';
import { ConfirmDialog } from './components/dialog';
import { Shell } from './components/shell';
import { Failure, Loading } from './components/states';
import { Toasts } from './components/toasts';
import { startLive, stopLive } from './live/channel';
import { route } from './lib/router';
import { ExecutionPage } from './pages/execution';
import { ExecutionsPage } from './pages/executions';
import { LocksPage } from './pages/locks';
import { NotFoundPage } from './pages/not-found';
import { OverviewPage } from './pages/overview';
import { QueuesPage } from './pages/queues';
import { SchedulesPage } from './pages/schedules';
import { SignInPage } from './pages/sign-in';
import { WorkersPage } from './pages/workers';
import { WorkflowPage } from './pages/workflow';
import { WorkflowsPage } from './pages/workflows';

/** Sign-in, or the pages. A server that asks nobody lets everyone in at once. */
export function App() {
  const [error, setError] = useState<unknown>(null);
  const [asked, setAsked] = useState(false);
  const signedIn = me.value !== null;

  const ask = (): void => {
    setError(null);
    get<Me>('me')
      .then((answer) => {
        me.value = answer;
      })
      .catch((failure: unknown) => {
        if (failure instanceof ApiError && failure.status === 401) signOut();
        else setError(failure);
      })
      .finally(() => setAsked(true));
  };
  useEffect(ask, []);
  useEffect(() => {
    if (!signedIn) return undefined;
    startLive();
    return stopLive;
  }, [signedIn]);

  if (error !== null || !asked)
    return <main>{error === null ? <Loading /> : <Failure error={error} retry={ask} />}</main>;
  return (
    <>
      {signedIn ? (
        <Shell>
          <CurrentPage />
        </Shell>
      ) : (
        <SignInPage />
      )}
      <ConfirmDialog />
      <Toasts />
    </>
  );
}

function CurrentPage() {
  const [page = 'overview', id, rest] = route.value.segments;
  if (rest !== undefined) return <NotFoundPage />;
  if (id !== undefined) {
    if (page === 'executions') return <ExecutionPage key={id} id={id} />;
    if (page === 'workflows') return <WorkflowPage key={id} id={id} />;
    return <NotFoundPage />;
  }
  switch (page) {
    case 'overview':
      return <OverviewPage />;
    case 'executions':
      return <ExecutionsPage />;
    case 'workflows':
      return <WorkflowsPage />;
    case 'schedules':
      return <SchedulesPage />;
    case 'queues':
      return <QueuesPage />;
    case 'locks':
      return <LocksPage />;
    case 'workers':
      return <WorkersPage />;
    default:
      return <NotFoundPage />;
  }
}
