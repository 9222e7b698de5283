import { describe, expect, it } from '@jest/globals';
import { startBullMq, startOurs, type Subject } from './compare/subject.js';
import { TRIAL_FAULTS } from './compare/trial-faults.js';
import { IS_ASKED } from './fixtures/campaign.js';
import { writeResult } from './fixtures/results.js';
import { Trial, type Figures, type TrialFault } from './compare/trial.js';

async function sideBySide(fault: TrialFault): Promise<Figures[]> {
  const opened: Subject[] = [];
  try {
    for (const start of [startOurs, startBullMq]) opened.push(await start());
    // At the same time: the machine is as busy for the one as for the other.
    return await Promise.all(opened.map((contender) => new Trial(contender, fault).run()));
  } finally {
    for (const contender of opened) await contender.close();
  }
}

function report(figures: readonly Figures[], fault: string): void {
  for (const each of figures) process.stdout.write(`${JSON.stringify(each)}\n`);
  writeResult(`bullmq ${fault}`, figures);
}

// Locks of 30 s have to end: `npm run campaign -- bullmq`.
(IS_ASKED ? describe : describe.skip)('beside BullMQ, with the defaults of both', () => {
  it.each(TRIAL_FAULTS)(
    '$name: ours loses nothing and leaves nothing behind',
    async (fault) => {
      const figures = await sideBySide(fault);
      report(figures, fault.name);
      const [ours, theirs] = figures as [Figures, Figures];
      expect(ours).toMatchObject({ lost: 0, stuck: 0, extra: 0, wrongEnd: 0 });
      expect(ours.broken).toEqual({ effects: 0, repeats: 0, order: 0, delays: 0 });
      expect(Math.min(ours.acknowledged, theirs.acknowledged)).toBeGreaterThan(100);
    },
    300_000,
  );
});
