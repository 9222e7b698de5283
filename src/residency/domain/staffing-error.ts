/** The roster cannot be staffed by its rules. A retry does not help: it needs more people or fewer vacations. */
export class StaffingError extends Error {
  override readonly name = 'StaffingError';
}
