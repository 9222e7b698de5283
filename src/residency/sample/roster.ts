import type { Resident, Roster, Service } from '../domain/roster.js';

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const WORKING_DAYS = [1, 2, 3, 4, 5];

const services: Service[] = [
  {
    serviceId: 'wards',
    name: 'Medical Wards',
    minResidents: 4,
    maxResidents: 5,
    minSeniors: 2,
    vacationAllowed: false,
    takesCall: true,
    pattern: { start: '07:00', hours: 10.5, weekdays: EVERY_DAY, sixDayWeek: true },
  },
  {
    serviceId: 'icu',
    name: 'Intensive Care',
    minResidents: 3,
    maxResidents: 4,
    minSeniors: 2,
    vacationAllowed: false,
    takesCall: true,
    pattern: { start: '06:30', hours: 11.5, weekdays: EVERY_DAY, sixDayWeek: true },
  },
  {
    serviceId: 'ed',
    name: 'Emergency',
    minResidents: 2,
    maxResidents: 3,
    minSeniors: 1,
    vacationAllowed: false,
    takesCall: false,
    pattern: { start: '10:00', hours: 10, weekdays: EVERY_DAY, sixDayWeek: true },
  },
  {
    serviceId: 'night-float',
    name: 'Night Float',
    minResidents: 1,
    maxResidents: 1,
    minSeniors: 1,
    vacationAllowed: false,
    takesCall: false,
    pattern: { start: '20:00', hours: 11, weekdays: [1, 2, 3, 4], sixDayWeek: false },
  },
  {
    serviceId: 'clinic',
    name: 'Ambulatory Clinic',
    minResidents: 1,
    maxResidents: 3,
    minSeniors: 0,
    vacationAllowed: true,
    takesCall: false,
    pattern: { start: '08:00', hours: 9, weekdays: WORKING_DAYS, sixDayWeek: false },
  },
  {
    serviceId: 'elective',
    name: 'Elective',
    minResidents: 0,
    maxResidents: 3,
    minSeniors: 0,
    vacationAllowed: true,
    takesCall: false,
    pattern: { start: '08:00', hours: 9, weekdays: WORKING_DAYS, sixDayWeek: false },
  },
];

function resident(
  residentId: string,
  name: string,
  pgy: 1 | 2 | 3,
  dayOff: number,
  ...vacations: [string, string][]
): Resident {
  return {
    residentId,
    name,
    email: `${residentId}@residents.example.org`,
    pgy,
    dayOff,
    vacations: vacations.map(([firstDate, lastDate]) => ({ firstDate, lastDate })),
  };
}

/**
 * A fictional internal-medicine program: 14 residents, 12 weeks. Its extra shifts violate duty-hour rules on purpose,
 * as input for the check.
 */
export const sampleRoster: Roster = {
  program: 'Lakeside Internal Medicine',
  director: { name: 'Dr. Imani Whitfield', email: 'program.director@lakeside.example.org' },
  startDate: '2026-07-06',
  blocks: 3,
  services,
  call: { start: '07:00', hours: 24, minSpacing: 3 },
  residents: [
    resident('okafor', 'Dr. Adaeze Okafor', 3, 1),
    resident('lindqvist', 'Dr. Elsa Lindqvist', 3, 6, ['2026-08-10', '2026-08-23']),
    resident('moreau', 'Dr. Julien Moreau', 3, 5, ['2026-07-20', '2026-07-26']),
    resident('haddad', 'Dr. Samir Haddad', 3, 2),
    resident('castellanos', 'Dr. Inés Castellanos', 3, 0, ['2026-09-07', '2026-09-20']),
    resident('nakagawa', 'Dr. Ren Nakagawa', 2, 6),
    resident('abara', 'Dr. Chidi Abara', 2, 2, ['2026-07-06', '2026-07-12']),
    resident('petrov', 'Dr. Mila Petrov', 2, 6, ['2026-08-03', '2026-08-09']),
    resident('oconnell', "Dr. Brendan O'Connell", 2, 6),
    resident('whitaker', 'Dr. June Whitaker', 1, 0, ['2026-08-17', '2026-08-23']),
    resident('rahman', 'Dr. Tahmid Rahman', 1, 6),
    resident('silva', 'Dr. Beatriz Silva', 1, 6, ['2026-08-31', '2026-09-06']),
    resident('kowalczyk', 'Dr. Piotr Kowalczyk', 1, 5),
    resident('mensah', 'Dr. Efua Mensah', 1, 4, ['2026-07-27', '2026-08-02']),
  ],
  extraShifts: [
    // Four moonlighting days on her days off: over 80 hours a week, and no free day left.
    ...['2026-08-03', '2026-08-10', '2026-08-17', '2026-08-24'].map((date) => ({
      residentId: 'okafor',
      date,
      start: '08:00',
      hours: 12,
      note: 'ED moonlighting',
    })),
    // Cover for a sick colleague after a ward day: 7.5 hours of rest before the next one.
    { residentId: 'whitaker', date: '2026-07-21', start: '17:30', hours: 6, note: 'jeopardy cover' },
    // Six hours more after a night on call: 30 hours of duty.
    { residentId: 'kowalczyk', date: '2026-08-18', start: '07:00', hours: 6, note: 'stayed on after call' },
  ],
};
