import { assignAtLeastCost, FORBIDDEN } from './assignment.js';
import { dateOf, type DateText } from './calendar.js';
import { hasVacationIn, isSenior, periodOf, type Resident, type Roster, type Service } from './roster.js';
import { StaffingError } from './staffing-error.js';

/** One resident's place in one block of four weeks. */
export interface RotationAssignment {
  /** 0-based. */
  block: number;
  firstDate: DateText;
  residentId: string;
  serviceId: string;
  /** Whether the resident counts towards the service's minimum. */
  core: boolean;
}

export interface RotationPlan {
  assignments: RotationAssignment[];
}

interface Seat {
  service: Service;
  core: boolean;
  seniorsOnly: boolean;
}

/** Outweighs any number of repeated rotations. */
const CORE_SEAT = -1_000_000;
/** The cost of a block in a service that the resident has been in before, which grows with each, so rotations vary. */
const REPEAT = 100;

/**
 * Assigns every resident to a service for each block. Every service has its minimum, including its seniors, without
 * residents who are away in that block; no service exceeds its maximum; rotations vary as much as possible. The same
 * roster gives the same plan.
 * @throws StaffingError if a block cannot be staffed
 */
export function assembleRotations(roster: Roster): RotationPlan {
  const assignments: RotationAssignment[] = [];
  const visits = new Map<string, number>();
  const seats = roster.services.flatMap(seatsOf);
  for (let block = 0; block < roster.blocks; block++) {
    const period = periodOf(roster, block);
    const costs = roster.residents.map((resident) => {
      const away = hasVacationIn(resident, period);
      return seats.map((seat) => costOf(seat, resident, away, visits));
    });
    const columns = assignAtLeastCost(costs);
    if (!columns) throw new StaffingError(`block ${block + 1}: a resident fits no free place of any service`);
    refuseEmptyCoreSeats(block, seats, columns);
    roster.residents.forEach((resident, row) => {
      const { service, core } = seats[columns[row]!]!;
      const key = `${resident.residentId} ${service.serviceId}`;
      visits.set(key, (visits.get(key) ?? 0) + 1);
      assignments.push({
        block,
        firstDate: dateOf(period.firstDay),
        residentId: resident.residentId,
        serviceId: service.serviceId,
        core,
      });
    });
  }
  return { assignments };
}

/** The places of a service: seniors first, then the rest of the minimum, then up to the maximum. */
function seatsOf(service: Service): Seat[] {
  return Array.from({ length: service.maxResidents }, (_, i) => ({
    service,
    core: i < service.minResidents,
    seniorsOnly: i < service.minSeniors,
  }));
}

function costOf(seat: Seat, resident: Resident, away: boolean, visits: ReadonlyMap<string, number>): number {
  if (seat.seniorsOnly && !isSenior(resident)) return FORBIDDEN;
  if (away && (seat.core || !seat.service.vacationAllowed)) return FORBIDDEN;
  const before = visits.get(`${resident.residentId} ${seat.service.serviceId}`) ?? 0;
  return (seat.core ? CORE_SEAT : 0) + REPEAT * before * before;
}

function refuseEmptyCoreSeats(block: number, seats: readonly Seat[], columns: readonly number[]): void {
  const taken = new Set(columns);
  const empty = seats.find((seat, column) => seat.core && !taken.has(column));
  if (!empty) return;
  const { name, minResidents, minSeniors } = empty.service;
  throw new StaffingError(
    `block ${block + 1}: ${name} needs ${minResidents} residents, ${minSeniors} of them seniors, but too few are available`,
  );
}
