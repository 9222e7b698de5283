import { Injectable, Logger } from '@nestjs/common';
import type { ConsoleRequest } from '../auth/console-request.js';
import type { ConsoleRole } from '../auth/principal.js';

/** One mutating call: who did what to what, when, and what it was before and after. */
export interface AuditEntry {
  time: string;
  requestId: string;
  name: string;
  role: ConsoleRole;
  address: string;
  /** The method of the controller, such as 'cancelExecution'. */
  action: string;
  method: string;
  /** Without the query. */
  url: string;
  /** 'OK', or the code of the error. */
  outcome: string;
  before: unknown;
  after: unknown;
}

const KEPT = 1000;

/** What was changed through the console: a line of JSON in the log of the app, and the newest thousand here. */
@Injectable()
export class AuditLog {
  private readonly entries: AuditEntry[] = [];
  private readonly logger = new Logger('Audit');

  record(request: ConsoleRequest, action: string, outcome: string): void {
    const { principal, changes, method, requestId = '' } = request;
    const entry: AuditEntry = {
      time: new Date().toISOString(),
      requestId,
      name: principal?.name ?? '',
      role: principal?.role ?? 'viewer',
      address: request.socket.remoteAddress ?? '',
      action,
      method,
      url: request.url.split('?', 1)[0]!.slice(0, 512),
      outcome,
      before: changes?.before ?? null,
      after: changes?.after ?? null,
    };
    this.entries.push(entry);
    if (this.entries.length > KEPT) this.entries.shift();
    this.logger.log(JSON.stringify(entry));
  }

  /** Newest first. @param limit 1 to 1000 */
  list(limit: number): AuditEntry[] {
    return this.entries.slice(-limit).reverse();
  }
}
