/** What a caller may do: viewer reads; operator also schedules, cancels, retries, pauses; admin also changes schedules and frees locks. */
export const CONSOLE_ROLES = ['viewer', 'operator', 'admin'] as const;
export type ConsoleRole = (typeof CONSOLE_ROLES)[number];

/** Who calls. */
export interface Principal {
  /** For the audit log; never the token. */
  name: string;
  role: ConsoleRole;
  /** Whether payloads, results and stacks are shown: a permission of its own. */
  payloads: boolean;
}

/** Whether the role covers what the other may do. */
export function covers(role: ConsoleRole, needed: ConsoleRole): boolean {
  return CONSOLE_ROLES.indexOf(role) >= CONSOLE_ROLES.indexOf(needed);
}
