import { useState } from 'preact/hooks';
import { ApiError, get, messageOf } from '../api/client';
import { keepToken, me, signedOutReason, signOut } from '../api/session';
import type { Me } from '../api/types';
import { ThemeSwitch } from '../components/shell';

export function SignInPage() {
  const [problem, setProblem] = useState<string | null>(signedOutReason.value);
  const [busy, setBusy] = useState(false);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
    if (typeof token !== 'string' || token.trim() === '') {
      setProblem('Enter a token.');
      return;
    }
    setBusy(true);
    keepToken(token.trim());
    get<Me>('me')
      .then((answer) => {
        me.value = answer;
      })
      .catch((error: unknown) => {
        const refused = error instanceof ApiError && error.status === 401;
        signOut();
        setProblem(refused ? 'This token is not known here.' : messageOf(error));
      })
      .finally(() => setBusy(false));
  };

  return (
    <main class="sign-in">
      <form class="panel" onSubmit={submit} aria-labelledby="sign-in-title">
        <div class="brand">
          <span class="brand-mark" aria-hidden="true" />
          Scheduler
        </div>
        <h1 id="sign-in-title">Sign in</h1>
        <label class="field">
          <span>Access token</span>
          <input
            name="token"
            type="password"
            autocomplete="off"
            autofocus
            required
            aria-invalid={problem !== null}
            aria-describedby="sign-in-problem"
          />
        </label>
        <p id="sign-in-problem" class="problem" role="alert">
          {problem}
        </p>
        <button class="button button-primary" type="submit" disabled={busy}>
          Sign in
        </button>
        <p class="hint">The token stays in this tab and is forgotten when the tab closes.</p>
      </form>
      <ThemeSwitch />
    </main>
  );
}
