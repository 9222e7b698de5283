import { useEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import { ApiError, messageOf } from '../api/client';

/** Something wrong with one field, found before the server is asked. */
export class FieldProblem extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/** The text of a field, without space around it; '' where it is empty or not there. */
export type ReadField = (name: string) => string;

export interface Form<Name extends string> {
  element: RefObject<HTMLFormElement | null>;
  /** By field. */
  problems: Partial<Record<Name, string>>;
  /** What belongs to no field. */
  problem: string | null;
  busy: boolean;
  onSubmit: (event: SubmitEvent) => void;
}

/**
 * Sends a form. What the server finds wrong is shown at the field that its problem names, which takes the focus.
 * @param fields the names under which problems may come; all else is told for the form as a whole
 */
export function useForm<Name extends string>(
  fields: readonly Name[],
  send: (read: ReadField) => Promise<unknown>,
): Form<Name> {
  const element = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const field = fieldOf(error);
  const named = fields.find((name) => name === field);
  useEffect(() => {
    if (error !== null) element.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [error]);
  return {
    element,
    problems: named === undefined ? {} : ({ [named]: (error as Error).message } as Partial<Record<Name, string>>),
    problem: error === null || named !== undefined ? null : messageOf(error),
    busy,
    onSubmit: (event) => {
      event.preventDefault();
      const data = new FormData(event.currentTarget as HTMLFormElement);
      const read = (name: string): string => {
        const value = data.get(name);
        return typeof value === 'string' ? value.trim() : '';
      };
      setBusy(true);
      setError(null);
      // A synchronous refusal of a field is one like any other.
      Promise.resolve()
        .then(() => send(read))
        .catch(setError)
        .finally(() => setBusy(false));
    },
  };
}

/** 'tags' of a problem at 'tags[0]'. */
function fieldOf(error: unknown): string | null {
  if (error instanceof FieldProblem) return error.field;
  return error instanceof ApiError && error.path !== null ? (/^[^.[]+/.exec(error.path)?.[0] ?? null) : null;
}
