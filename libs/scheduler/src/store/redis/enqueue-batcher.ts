import type { NewExecution } from '../../core/commands.js';
import { isSimple } from './codec/executions.js';
import { LaneBatcher, type Trip } from './lane-batcher.js';
import { sizeOf } from './request-size.js';

type Batch = readonly NewExecution[];

/** Executions of one trip. */
const TOGETHER = 500;
/** A payload of so many bytes counts as one more. */
const BYTES_EACH = 8192;
const LANES = [0, 1];

/**
 * Sends batches together. Only simple executions go together: nothing about them can be refused, so that no caller hears
 * of another's mistake.
 */
export class EnqueueBatcher {
  private readonly trips: LaneBatcher<Batch, string[]>;

  /** @param send stores a batch; with a trip, nothing else is under way on its lane */
  constructor(private readonly send: (batch: Batch, trip: Trip | null) => Promise<string[]>) {
    this.trips = new LaneBatcher(LANES, TOGETHER, (batches, trip) => this.sendTogether(batches, trip));
  }

  add(batch: Batch): Promise<string[]> {
    const size = batch.length + Math.floor(sizeOf(batch) / BYTES_EACH);
    if (size > TOGETHER || !batch.every(isSimple)) return this.send(batch, null);
    return this.trips.add(batch, size);
  }

  private sendTogether(batches: readonly Batch[], trip: Trip): Promise<string[][]> {
    const sizes = batches.map((batch) => batch.length);
    return this.send(batches.length === 1 ? batches[0]! : batches.flat(), trip).then((ids) => {
      let from = 0;
      return sizes.map((size) => ids.slice(from, (from += size)));
    });
  }
}
