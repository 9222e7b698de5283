import { describe, expect, it } from '@jest/globals';
import { UNDECLARED_MS } from '../../libs/scheduler/src/core/limits.js';
import type { ScheduleRecord } from '../../libs/scheduler/src/core/schedule.js';
import { MINUTE, newSchedule, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

async function put(s: StoreFixture, overrides: Partial<ScheduleRecord> = {}): Promise<ScheduleRecord> {
  return s.store.putSchedule(newSchedule({ nextRunTime: s.now + MINUTE, ...overrides }));
}

export function declaredScheduleContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('schedules declared in code', () => {
    it(
      'are removed when their app has not declared them for a while; others are kept',
      withFixture(async (s) => {
        await put(s, { id: 'kept', declaredBy: 'app' });
        await put(s, { id: 'dropped', declaredBy: 'app' });
        await put(s, { id: 'foreign', declaredBy: 'another app' });
        await put(s, { id: 'by hand', declaredBy: null });
        const ids = async () => (await s.store.listSchedules()).map((schedule) => schedule.id).sort();
        expect(await s.store.declareSchedules('app', ['kept'], false)).toEqual([]);
        await s.attend(UNDECLARED_MS - 1);
        expect(await s.store.declareSchedules('app', ['kept'], false)).toEqual([]);
        expect(await ids()).toEqual(['by hand', 'dropped', 'foreign', 'kept']);
        s.clock.advance(2);
        expect(await s.store.declareSchedules('app', ['kept'], false)).toEqual(['dropped']);
        expect(await ids()).toEqual(['by hand', 'foreign', 'kept']);
      }),
    );

    it(
      'stay declared by their app when they are put by hand, and are removed like others',
      withFixture(async (s) => {
        const { revision } = await put(s, { id: 'dropped', declaredBy: 'app' });
        await s.attend(UNDECLARED_MS / 2);
        const changed = await put(s, { id: 'dropped', cronExpression: '0 5 * * *', declaredBy: null });
        expect(changed).toMatchObject({ cronExpression: '0 5 * * *', declaredBy: 'app', revision: revision + 1 });
        await s.attend(UNDECLARED_MS / 2 - 1);
        expect(await s.store.declareSchedules('app', [], false)).toEqual([]);
        s.clock.advance(2);
        expect(await s.store.declareSchedules('app', [], false)).toEqual(['dropped']);
        await put(s, { id: 'taken over', declaredBy: null });
        expect(await put(s, { id: 'taken over', declaredBy: 'app' })).toMatchObject({ declaredBy: 'app' });
      }),
    );

    it(
      'can be many',
      withFixture(async (s) => {
        const ids = Array.from({ length: 700 }, (_, i) => `s${String(i).padStart(3, '0')}`);
        for (const id of ids) await put(s, { id, declaredBy: 'app' });
        await s.attend(UNDECLARED_MS / 2);
        expect(await s.store.declareSchedules('app', ids.slice(120), false)).toEqual([]);
        await s.attend(UNDECLARED_MS / 2);
        expect((await s.store.declareSchedules('app', ids.slice(120), false)).sort()).toEqual(ids.slice(0, 120));
        expect((await s.store.declareSchedules('app', ids.slice(240), true)).sort()).toEqual(ids.slice(120, 240));
        expect(await s.store.listSchedules()).toHaveLength(460);
      }),
    );

    it(
      'are kept if another app has taken them over',
      withFixture(async (s) => {
        await put(s, { id: 'shared', declaredBy: 'app' });
        await put(s, { id: 'shared', declaredBy: 'another app' });
        await s.store.declareSchedules('app', ['shared'], false);
        await s.attend(UNDECLARED_MS / 2);
        await s.store.declareSchedules('another app', ['shared'], false);
        await s.attend(UNDECLARED_MS / 2);
        expect(await s.store.declareSchedules('app', [], true)).toEqual([]);
        expect(await s.store.listSchedules()).toHaveLength(1);
      }),
    );

    it(
      'are removed at once if the app requests it',
      withFixture(async (s) => {
        await put(s, { id: 'kept', declaredBy: 'app' });
        await put(s, { id: 'dropped', declaredBy: 'app' });
        expect(await s.store.declareSchedules('app', ['kept'], true)).toEqual(['dropped']);
        expect((await s.store.listSchedules()).map((schedule) => schedule.id)).toEqual(['kept']);
      }),
    );
  });
}
