import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { may } from '../api/session';
import type { Role } from '../api/types';

export interface ActionProps {
  /** Who may press it; others see it disabled, with the reason. */
  needs: Role;
  run: () => Promise<unknown>;
  kind?: 'primary' | 'danger' | 'quiet';
  /** For assistive technology, where the text alone does not name the object. */
  label?: string;
  disabled?: boolean;
  children: ComponentChildren;
}

/** A button that opens a form; those who may not send it see it disabled, with the reason. */
export function OpenButton(props: Pick<ActionProps, 'needs' | 'kind' | 'label' | 'children'> & { open: () => void }) {
  const { needs, kind, label, open, children } = props;
  return (
    <button
      type="button"
      class={kind ? `button button-${kind}` : 'button'}
      disabled={!may(needs)}
      aria-label={label}
      title={may(needs) ? undefined : `Needs the role ${needs}`}
      onClick={open}
    >
      {children}
    </button>
  );
}

/** A button that does something on the server; not to be pressed twice while it does. */
export function Action({ needs, run, kind, label, disabled, children }: ActionProps) {
  const [busy, setBusy] = useState(false);
  const allowed = may(needs);
  const press = (): void => {
    setBusy(true);
    void run().finally(() => setBusy(false));
  };
  return (
    <button
      type="button"
      class={kind ? `button button-${kind}` : 'button'}
      disabled={busy || !allowed || disabled}
      aria-busy={busy}
      aria-label={label}
      title={allowed ? undefined : `Needs the role ${needs}`}
      onClick={press}
    >
      {children}
    </button>
  );
}
