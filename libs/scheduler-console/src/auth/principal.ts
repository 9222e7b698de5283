/**
 * Roles. viewer: read. operator: also schedule, cancel, retry, pause. admin: also change schedules and release locks.
 */
export const CONSOLE_ROLES = ['viewer', 'operator', 'admin'] as const;
export type ConsoleRole = (typeof CONSOLE_ROLES)[number];

/** An authenticated caller. */
export interface Principal {
  /** For the audit log; never the token. */
  name: string;
  role: ConsoleRole;
  /** Whether payloads, results and stacks are shown; a separate permission. */
  payloads: boolean;
}

/** Whether a role includes the permissions of another. */
export function covers(role: ConsoleRole, needed: ConsoleRole): boolean {
  return CONSOLE_ROLES.indexOf(role) >= CONSOLE_ROLES.indexOf(needed);
}
