import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** What ties a control to its label, its hint and its problem. */
export interface ControlProps {
  id: string;
  name: string;
  'aria-invalid': boolean;
  'aria-describedby': string | undefined;
}

/** A control with its label above and, below it, what is wrong with it, or a hint. */
export function Field(props: {
  name: string;
  label: string;
  hint?: string;
  problem?: string;
  children: (control: ControlProps) => ComponentChildren;
}) {
  const { name, label, hint, problem } = props;
  const id = useId();
  const below = problem ?? hint;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {props.children({
        id,
        name,
        'aria-invalid': problem !== undefined,
        'aria-describedby': below === undefined ? undefined : `${id}-below`,
      })}
      {below !== undefined && (
        <p id={`${id}-below`} class={problem === undefined ? 'hint' : 'problem'}>
          {below}
        </p>
      )}
    </div>
  );
}
