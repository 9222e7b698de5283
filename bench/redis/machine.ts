import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const TICK_US = 10_000;

/** CPU that the whole machine has spent so far, by anyone, in µs; what the hypervisor took away included. null: not Linux. */
export function machineCpuUs(): number | null {
  try {
    const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
      .split(/\s+/, 9)
      .map(Number);
    return (user! + nice! + system! + irq! + softirq! + steal!) * TICK_US;
  } catch {
    return null;
  }
}

/**
 * The share of the machine that others took while we measured, 0 to 1: it slows wall rates and widens latencies, and
 * touches CPU per job little.
 */
export function foreignShare(before: number | null, ownCpuUs: number, elapsedMs: number): number {
  const after = machineCpuUs();
  if (before === null || after === null) return NaN;
  return Math.max(0, after - before - ownCpuUs) / (elapsedMs * 1000 * availableParallelism());
}
