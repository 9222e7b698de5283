import { InvalidOptionError } from '../core/errors.js';
import { wellFormed } from '../core/failure.js';
import { parseJson } from '../core/json.js';
import { valueOf } from '../core/payload.js';
import { Redaction } from '../core/redaction.js';
import type { Claim } from '../store/records.js';

const DEFAULT_REDACTION = new Redaction();

/** Sends the progress and log lines of a run to the store. */
export type RunReporter = (
  claim: Claim,
  report: { progress?: { fraction: number; note: string | null }; logs?: readonly string[] },
) => void;

/**
 * The context of a handler's run. Signal, results and functions are created on first use, so a handler pays only for
 * what it needs. Log lines and notes are kept without the secrets of the payload.
 */
export class TaskContext {
  private controller: AbortController | null = null;
  private aborted: { reason: unknown } | null = null;
  private parsed: Readonly<Record<string, unknown>> | null = null;
  private added: NonNullable<Claim['results']>[] | null = null;
  private secrets: readonly string[] | null = null;
  private progressFn: TaskContext['progress'] | null = null;
  private logFn: TaskContext['log'] | null = null;

  constructor(
    private readonly claim: Claim,
    private readonly reporter: RunReporter,
    private readonly redaction = DEFAULT_REDACTION,
  ) {}

  get executionId(): string {
    return this.claim.executionId;
  }

  get taskId(): string {
    return this.claim.taskId;
  }

  /** Number of this run of the execution, from 1. For stable names of external effects use executionId. */
  get attempt(): number {
    return this.claim.run;
  }

  /** When it was due. */
  get scheduledTime(): Date {
    return new Date(this.claim.scheduledTime);
  }

  get workflowId(): string | null {
    return this.claim.workflowId;
  }

  /**
   * Of the task's lock: grows with every holder; a resource that refuses smaller tokens is safe from late writers.
   * null: no lock.
   */
  get fencingToken(): number | null {
    return this.claim.fencingToken;
  }

  /** Aborts on timeout, cancel, loss of the run or its lock, and at the end of a graceful stop. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.aborted.reason);
    }
    return this.controller.signal;
  }

  /** Results of the completed dependencies, by taskId, or by ref in a workflow. */
  get results(): Readonly<Record<string, any>> {
    if (!this.parsed) {
      const parsed: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      for (const texts of [this.claim.results ?? {}, ...(this.added ?? [])])
        for (const [ref, text] of Object.entries(texts)) parsed[ref] = text === null ? null : parseJson(text);
      this.parsed = parsed;
    }
    return this.parsed;
  }

  /**
   * Reports the progress of the run: a fraction, 0 to 1, and a note, of which 256 characters are kept.
   * @throws InvalidOptionError for any other value
   */
  get progress(): (fraction: number, note?: string) => void {
    return (this.progressFn ??= (fraction, note) => {
      if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= 1))
        throw new InvalidOptionError('fraction', fraction, 'a number, 0 to 1');
      this.reporter(this.claim, {
        progress: { fraction, note: note === undefined ? null : this.keep(String(note), 256) },
      });
    });
  }

  /** Adds a line to the execution's log; the newest 100 of at most 1000 characters are kept. */
  get log(): (line: string) => void {
    return (this.logFn ??= (line) => this.reporter(this.claim, { logs: [this.keep(String(line), 1000)] }));
  }

  /**
   * Removes the secrets of the payload and of the dependencies' results from a text.
   * @internal
   */
  clean(text: string): string {
    this.secrets ??= this.redaction.secretsOf([valueOf(this.claim.payload), this.results]);
    return this.redaction.text(text, this.secrets);
  }

  /**
   * Adds results that the claim omitted, before the handler starts.
   * @internal
   */
  addResults(texts: NonNullable<Claim['results']>): void {
    (this.added ??= []).push(texts);
    this.parsed = null;
  }

  /** @internal */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = { reason };
    this.controller?.abort(reason);
  }

  /** Cleans before the cut, since half a secret is not recognized. */
  private keep(text: string, max: number): string {
    return wellFormed(this.clean(text.slice(0, 8 * max)).slice(0, max));
  }
}
