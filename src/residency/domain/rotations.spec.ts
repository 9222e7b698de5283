import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sampleRoster } from '../sample/roster.js';
import { assembleRotations, type RotationPlan } from './rotations.js';
import type { Resident, Roster, Service } from './roster.js';
import { StaffingError } from './staffing-error.js';

const MS_PER_DAY = 86_400_000;

/** Whether a resident is away on any day of a block, day by day. */
function away(roster: Roster, resident: Resident, block: number): boolean {
  const first = Date.parse(roster.startDate) + block * 28 * MS_PER_DAY;
  return Array.from({ length: 28 }, (_, i) => new Date(first + i * MS_PER_DAY).toISOString().slice(0, 10)).some((day) =>
    resident.vacations.some(({ firstDate, lastDate }) => firstDate <= day && day <= lastDate),
  );
}

/** What is wrong with one block, where `serviceOf` names each resident's service. */
function faultsOf(roster: Roster, block: number, serviceOf: (resident: Resident) => string): string[] {
  return roster.services.flatMap((service) => {
    const team = roster.residents.filter((resident) => serviceOf(resident) === service.serviceId);
    const present = team.filter((resident) => !away(roster, resident, block));
    const faults: string[] = [];
    if (team.length > service.maxResidents) faults.push(`${service.serviceId}: too many`);
    if (present.length < service.minResidents) faults.push(`${service.serviceId}: too few`);
    if (present.filter(({ pgy }) => pgy > 1).length < service.minSeniors)
      faults.push(`${service.serviceId}: no seniors`);
    if (team.length > present.length && !service.vacationAllowed) faults.push(`${service.serviceId}: vacation`);
    return faults;
  });
}

function placeIn(plan: RotationPlan, block: number): (resident: Resident) => string {
  return ({ residentId }) => {
    const places = plan.assignments.filter((a) => a.block === block && a.residentId === residentId);
    expect(places).toHaveLength(1);
    return places[0]!.serviceId;
  };
}

describe('assembleRotations', () => {
  const plan = assembleRotations(sampleRoster);

  it('staffs every block of the sample roster within its rules', () => {
    for (let block = 0; block < sampleRoster.blocks; block++) {
      expect(faultsOf(sampleRoster, block, placeIn(plan, block))).toEqual([]);
    }
    expect(plan.assignments).toHaveLength(14 * 3);
    expect([...new Set(plan.assignments.map(({ firstDate }) => firstDate))]).toEqual([
      '2026-07-06',
      '2026-08-03',
      '2026-08-31',
    ]);
  });

  it('marks exactly the minimum of each service as core, and no absent resident', () => {
    for (const service of sampleRoster.services) {
      for (let block = 0; block < 3; block++) {
        const core = plan.assignments.filter((a) => a.block === block && a.serviceId === service.serviceId && a.core);
        expect(core).toHaveLength(service.minResidents);
        for (const { residentId } of core) {
          const resident = sampleRoster.residents.find((r) => r.residentId === residentId)!;
          expect(away(sampleRoster, resident, block)).toBe(false);
        }
      }
    }
  });

  it('varies the rotations: a resident sees a service twice only in a minimum of cases', () => {
    const pairs = plan.assignments.map(({ residentId, serviceId }) => `${residentId} ${serviceId}`);
    // Three blocks of 14 residents; two clinic vacations of one resident and an intern on wards are unavoidable here.
    expect(pairs.length - new Set(pairs).size).toBeLessThanOrEqual(2);
  });

  it('returns the same plan for the same roster, and a prefix of it for fewer blocks', () => {
    expect(assembleRotations(structuredClone(sampleRoster))).toEqual(plan);
    expect(assembleRotations({ ...sampleRoster, blocks: 1 }).assignments).toEqual(
      plan.assignments.filter(({ block }) => block === 0),
    );
  });

  it('refuses exactly the rosters that cannot be staffed', () => {
    let feasible = 0;
    let refused = 0;
    fc.assert(
      fc.property(smallRoster, (roster) => {
        const possible = placements(roster).some((place) => faultsOf(roster, 0, place).length === 0);
        if (possible) {
          feasible++;
          expect(faultsOf(roster, 0, placeIn(assembleRotations(roster), 0))).toEqual([]);
        } else {
          refused++;
          expect(() => assembleRotations(roster)).toThrow(StaffingError);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
    expect(Math.min(feasible, refused)).toBeGreaterThan(30);
  });

  it('names the block and the service that cannot be staffed', () => {
    const services = sampleRoster.services.map((s) => (s.serviceId === 'icu' ? { ...s, minSeniors: 4 } : s));
    const interns = sampleRoster.residents.filter(({ pgy }) => pgy === 1);
    const roster = { ...sampleRoster, services, residents: interns };
    expect(() => assembleRotations(roster)).toThrow(/^block 1: Medical Wards needs 4 residents, 2 of them seniors/);
  });
});

const smallRoster = fc
  .record({
    residents: fc.array(fc.record({ pgy: fc.constantFrom(1, 2, 3), away: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    }),
    services: fc.array(
      fc.record({
        min: fc.integer({ min: 0, max: 2 }),
        room: fc.integer({ min: 0, max: 2 }),
        seniors: fc.integer({ min: 0, max: 2 }),
        vacationAllowed: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ residents, services }): Roster => ({
    ...sampleRoster,
    blocks: 1,
    residents: residents.map(({ pgy, away: gone }, i): Resident => ({
      residentId: `r${i}`,
      name: `r${i}`,
      email: `r${i}@example.org`,
      pgy,
      dayOff: 0,
      vacations: gone ? [{ firstDate: '2026-08-02', lastDate: '2026-08-09' }] : [],
    })),
    services: services.map(({ min, room, seniors, vacationAllowed }, i): Service => ({
      ...sampleRoster.services[0]!,
      serviceId: `s${i}`,
      minResidents: min,
      maxResidents: min + room,
      minSeniors: Math.min(seniors, min),
      vacationAllowed,
    })),
  }));

/** Every way to place each resident in a service. */
function placements(roster: Roster): ((resident: Resident) => string)[] {
  const ways = roster.residents.reduce<string[][]>(
    (partial, _resident) => partial.flatMap((way) => roster.services.map(({ serviceId }) => [...way, serviceId])),
    [[]],
  );
  return ways.map((way) => (resident) => way[roster.residents.indexOf(resident)]!);
}
