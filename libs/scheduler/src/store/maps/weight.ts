import { WorkflowRow, type Row, type Unit } from './rows.js';

/** Bytes of payload and result of all of it. */
export function weight(unit: Unit): number {
  return unit instanceof WorkflowRow ? unit.bytes : bytes(unit);
}

export function bytes(row: Row): number {
  return (row.payload?.length ?? 0) + (row.result?.length ?? 0);
}
