import { settle, type RunToken, type Settlement } from '../../libs/scheduler/src/core/commands.js';
import type { ErrorInfo } from '../../libs/scheduler/src/core/failure.js';
import type { Reason } from '../../libs/scheduler/src/core/status.js';
import { renew } from '../../libs/scheduler/src/engine/worker.js';
import { MapsTaskStore } from '../../libs/scheduler/src/store/maps/maps-store.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import type {
  HeartbeatReply,
  ExchangeReply,
  ExchangeRequest,
  Settled,
  TaskStore,
} from '../../libs/scheduler/src/store/task-store.js';
import { BOOM } from './fixtures.js';

/** A minimal worker: it numbers the requests of its pipelines, and runs nothing. */
export class Worker {
  /** Its newest request, for a replay. */
  lastRequest: ExchangeRequest | null = null;
  private readonly sequences = new Map<number, number>();

  constructor(
    private readonly store: TaskStore,
    readonly id: string,
  ) {}

  async exchange(request: Partial<ExchangeRequest> = {}): Promise<ExchangeReply> {
    const pipeline = request.pipeline ?? 0;
    const sequence = (this.sequences.get(pipeline) ?? 0) + 1;
    this.sequences.set(pipeline, sequence);
    this.lastRequest = { settlements: [], demand: 0, ...request, workerId: this.id, pipeline, sequence };
    return this.store.exchange(this.lastRequest);
  }

  /** Sends the newest request once more, as after a lost reply. */
  async replay(): Promise<ExchangeReply> {
    if (!this.lastRequest) throw new Error(`${this.id} has sent nothing yet`);
    return this.store.exchange(this.lastRequest);
  }

  async claim(demand: number, request: Partial<ExchangeRequest> = {}): Promise<readonly Claim[]> {
    return (await this.exchange({ ...request, demand })).claims;
  }

  /** The ids of what it claims, in order. */
  async claimIds(demand: number, request: Partial<ExchangeRequest> = {}): Promise<string[]> {
    return (await this.claim(demand, request)).map((claim) => claim.executionId);
  }

  /** Claims this number, in as many exchanges as necessary. */
  async claimAll(count: number): Promise<Claim[]> {
    const claims: Claim[] = [];
    while (claims.length < count) claims.push(...(await this.claim(count - claims.length)));
    return claims;
  }

  /** Claims one, which must be there. */
  async claimOne(executionId?: string): Promise<Claim> {
    const [claim] = await this.claim(1);
    if (!claim) throw new Error(`${this.id} found nothing to claim`);
    if (executionId !== undefined && claim.executionId !== executionId) {
      throw new Error(`${this.id} claimed ${claim.executionId} where ${executionId} was next`);
    }
    return claim;
  }

  /** Settles them; deferred ones in later exchanges. */
  async settle(...settlements: Settlement[]): Promise<readonly Settled[]> {
    const { settled } = await this.exchange({ settlements });
    const deferred = settlements.filter((_, i) => settled[i] === 'deferred');
    if (deferred.length === 0) return settled;
    const rest = [...(await this.settle(...deferred))];
    return settled.map((each) => (each === 'deferred' ? rest.shift()! : each));
  }

  async complete(run: RunToken, result?: unknown): Promise<Settled> {
    return this.one(settle.complete(run, result === undefined ? null : JSON.stringify(result)));
  }

  async fail(run: RunToken, reason: Reason = 'HANDLER_FAILED', error: ErrorInfo = BOOM): Promise<Settled> {
    return this.one(settle.fail(run, error, reason));
  }

  async retry(run: RunToken, delay = 0): Promise<Settled> {
    return this.one(settle.retry(run, BOOM, delay));
  }

  async release(run: RunToken): Promise<Settled> {
    return this.one(settle.release(run));
  }

  async endCancelled(run: RunToken): Promise<Settled> {
    return this.one(settle.cancel(run, null));
  }

  async beat(...runs: RunToken[]): Promise<HeartbeatReply> {
    return this.store.heartbeat(
      this.id,
      runs.map(({ executionId, leaseToken }) => ({ executionId, leaseToken })),
    );
  }

  /** The heartbeat of the thread of a blocked process. A store in this process needs none. */
  async renew(): Promise<void> {
    const { store, id } = this;
    if (store instanceof RedisTaskStore) await store['run']('renew', [id, 0]);
    else if (store instanceof MapsTaskStore) await store['commit']((s) => void renew(s, s.workers.get(id)!));
    else throw new Error('a store that is not known to the contract');
  }

  private async one(settlement: Settlement): Promise<Settled> {
    const [outcome] = await this.settle(settlement);
    if (!outcome) throw new Error('the store answered for no settlement');
    return outcome;
  }
}
