import { Injectable, Logger } from '@nestjs/common';
import type { ConsoleRequest } from '../auth/console-request.js';
import type { ConsoleRole } from '../auth/principal.js';
import { Redactor } from './redactor.js';

/** One call that can change something, or a failed sign-in: caller, action, time, and the state before and after. */
export interface AuditEntry {
  time: string;
  requestId: string;
  /** '' for an unknown caller. */
  name: string;
  /** null for an unknown caller. */
  role: ConsoleRole | null;
  address: string;
  /** The method of the controller, such as 'cancelExecution', or 'signIn'. */
  action: string;
  method: string;
  /** Without the query and without secrets. */
  url: string;
  /** 'OK', or the code of the error. */
  outcome: string;
  before: unknown;
  after: unknown;
}

/**
 * changes: changes, and calls that may have changed something; refused: calls that changed nothing; sign-ins: failed
 * sign-ins.
 */
export const AUDIT_KINDS = ['changes', 'refused', 'sign-ins'] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** For each kind, so no kind displaces another. */
const KEPT = 1000;
/** Of failed sign-ins; others are counted. */
const LINES_PER_SECOND = 10;
/** With these outcomes, the change has happened, or may have. */
const MAY_HAVE_CHANGED = new Set(['OK', 'ANSWER_TIMEOUT', 'OUTCOME_UNKNOWN', 'INTERNAL']);

interface Kept {
  entry: AuditEntry;
  /** Orders entries of different kinds. */
  number: number;
}

/** The calls of the console: one line of JSON each in the log of the app, and the newest thousand of each kind here. */
@Injectable()
export class AuditLog {
  private readonly rings: Record<AuditKind, Kept[]> = { changes: [], refused: [], 'sign-ins': [] };
  private readonly logger = new Logger('Audit');
  private number = 0;
  private second = 0;
  private lines = 0;

  constructor(private readonly redactor: Redactor) {}

  /** Records a call that can change something. */
  record(request: ConsoleRequest, action: string, outcome: string): void {
    const entry = this.entryOf(request, action, outcome);
    this.keep(MAY_HAVE_CHANGED.has(outcome) ? 'changes' : 'refused', entry);
    this.logger.log(JSON.stringify(entry));
  }

  /** Records a failed sign-in. At most ten a second are logged. */
  recordSignIn(request: Caller, outcome: string): void {
    const entry = this.entryOf(request, 'signIn', outcome);
    this.keep('sign-ins', entry);
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) [this.second, this.lines] = [second, 0];
    if (++this.lines <= LINES_PER_SECOND) this.logger.warn(JSON.stringify(entry));
  }

  /**
   * Newest first.
   * @param limit 1 to 1000
   * @param kind default: all; entries that changed nothing fill at most half of the places if there are enough changes
   */
  list(limit: number, kind?: AuditKind): AuditEntry[] {
    return this.kept(limit, kind)
      .sort((a, b) => b.number - a.number)
      .map(({ entry }) => entry);
  }

  private kept(limit: number, kind?: AuditKind): Kept[] {
    if (kind !== undefined) return this.rings[kind].slice(-limit);
    const { changes, refused, 'sign-ins': signIns } = this.rings;
    const room = Math.max(limit - changes.length, Math.floor(limit / 2));
    const others = [...refused, ...signIns].sort((a, b) => b.number - a.number).slice(0, room);
    const left = limit - others.length;
    return [...others, ...(left > 0 ? changes.slice(-left) : [])];
  }

  private keep(kind: AuditKind, entry: AuditEntry): void {
    const ring = this.rings[kind];
    ring.push({ entry, number: ++this.number });
    if (ring.length > KEPT) ring.shift();
  }

  private entryOf(
    { principal, changes, method, url, requestId = '', socket }: Caller,
    action: string,
    outcome: string,
  ) {
    return {
      time: new Date().toISOString(),
      requestId,
      name: principal?.name ?? '',
      role: principal?.role ?? null,
      address: socket.remoteAddress ?? '',
      action,
      method,
      url: this.redactor.text(decoded(url.split('?', 1)[0]!).slice(0, 512)),
      outcome,
      before: this.redactor.redact(changes?.before ?? null, true),
      after: this.redactor.redact(changes?.after ?? null, true),
    };
  }
}

/** The data of an entry. */
type Caller = Pick<ConsoleRequest, 'method' | 'url' | 'socket' | 'principal' | 'changes' | 'requestId'>;

/** Decodes the path, since redaction reads plain text; a malformed path is returned unchanged. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
