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
  /** Whether the service's minimum counts on this resident. */
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

/** So dear that no number of repeated rotations outweighs a core seat left empty. */
const CORE_SEAT = -1_000_000;
/** A block spent where the resident has been before costs more each time, so rotations vary. */
const REPEAT = 100;

/**
 * Places every resident in a service for each block. Every service has its minimum, of which its share of seniors,
 * without anybody who is away in that block; no service has more than its maximum; and rotations vary as much as that
 * allows. The same roster gives the same plan.
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
    if (!columns) throw new StaffingError(`block ${block + 1}: some resident fits in no free place of any service`);
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

/** The places of a service: senior ones first, then the rest of the minimum, then room up to the maximum. */
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
    `block ${block + 1}: ${name} needs ${minResidents} residents, ${minSeniors} of them seniors, and too few are there`,
  );
}
