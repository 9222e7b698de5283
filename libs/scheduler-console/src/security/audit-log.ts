import { Injectable, Logger } from '@nestjs/common';
import type { ConsoleRequest } from '../auth/console-request.js';
import type { ConsoleRole } from '../auth/principal.js';
import { Redactor } from './redactor.js';

/** One call that was to change something, or a sign-in that failed: who, what, when, and what it was before and after. */
export interface AuditEntry {
  time: string;
  requestId: string;
  /** '' where nobody known called. */
  name: string;
  /** null where nobody known called. */
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

/** Changes, and calls of which it is not known; calls that changed nothing; sign-ins that failed. */
export const AUDIT_KINDS = ['changes', 'refused', 'sign-ins'] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Of each kind, so that none drives another out. */
const KEPT = 1000;
/** Of sign-ins that failed; the rest is counted. */
const LINES_PER_SECOND = 10;
/** After these, what was asked has happened, or may have. */
const MAY_HAVE_CHANGED = new Set(['OK', 'ANSWER_TIMEOUT', 'OUTCOME_UNKNOWN', 'INTERNAL']);

interface Kept {
  entry: AuditEntry;
  /** Orders entries of several kinds. */
  number: number;
}

/** What was done through the console: a line of JSON in the log of the app, and the newest thousand of each kind here. */
@Injectable()
export class AuditLog {
  private readonly rings: Record<AuditKind, Kept[]> = { changes: [], refused: [], 'sign-ins': [] };
  private readonly logger = new Logger('Audit');
  private number = 0;
  private second = 0;
  private lines = 0;

  constructor(private readonly redactor: Redactor) {}

  /** A call that was to change something. */
  record(request: ConsoleRequest, action: string, outcome: string): void {
    const entry = this.entryOf(request, action, outcome);
    this.keep(MAY_HAVE_CHANGED.has(outcome) ? 'changes' : 'refused', entry);
    this.logger.log(JSON.stringify(entry));
  }

  /** A call of somebody unknown. At most ten a second are logged. */
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
   * @param kind default: all; what changed nothing has at most half of the places where changes fill the rest
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

/** What an entry is made of. */
type Caller = Pick<ConsoleRequest, 'method' | 'url' | 'socket' | 'principal' | 'changes' | 'requestId'>;

/** Decodes the path, since redaction reads plain text; a malformed path is returned unchanged. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
