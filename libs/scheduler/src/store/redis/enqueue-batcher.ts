import type { NewExecution } from '../../core/commands.js';
import { isSimple } from './codec/executions.js';
import { PipelineBatcher, type RoundTrip } from './pipeline-batcher.js';
import { sizeOf } from './request-size.js';

type Batch = readonly NewExecution[];

/** Maximum size of a batch: executions, plus units of payload. */
const MAX_BATCH_SIZE = 500;
/** Payload bytes that count as one execution more. */
const BYTES_PER_UNIT = 2048;
const PIPELINES = [0, 1];

/**
 * Combines the batches of several callers. Only simple executions are combined: they cannot be refused, so no caller gets
 * the error of another.
 */
export class EnqueueBatcher {
  private readonly batcher: PipelineBatcher<Batch, string[]>;

  /** @param send stores a batch; with a round trip, nothing else is in flight in its pipeline */
  constructor(private readonly send: (batch: Batch, roundTrip: RoundTrip | null) => Promise<string[]>) {
    this.batcher = new PipelineBatcher(PIPELINES, MAX_BATCH_SIZE, (batches, roundTrip) =>
      this.sendTogether(batches, roundTrip),
    );
  }

  add(batch: Batch): Promise<string[]> {
    const size = batch.length + Math.floor(sizeOf(batch) / BYTES_PER_UNIT);
    if (size > MAX_BATCH_SIZE || !batch.every(isSimple)) return this.send(batch, null);
    return this.batcher.add(batch, size);
  }

  private sendTogether(batches: readonly Batch[], roundTrip: RoundTrip): Promise<string[][]> {
    const sizes = batches.map((batch) => batch.length);
    return this.send(batches.length === 1 ? batches[0]! : batches.flat(), roundTrip).then((ids) => {
      let from = 0;
      return sizes.map((size) => ids.slice(from, (from += size)));
    });
  }
}
