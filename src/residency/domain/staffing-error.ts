/** The roster cannot be staffed as its rules ask: more people or fewer vacations are needed, not another try. */
export class StaffingError extends Error {
  override readonly name = 'StaffingError';
}
