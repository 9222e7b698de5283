import type { ExchangeReply, TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { helloOf, LEASE } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import { QUEUES } from './config.js';

/** A worker's slot: the next incarnation replaces one that is gone. */
export interface WorkerState {
  readonly slot: number;
  readonly queues: readonly string[];
  incarnation: number;
  worker: Worker;
  /** It sends no more heartbeats, without deregistering. */
  crashed: boolean;
  /** Its newest heartbeat, and its newest call of any kind. */
  beat: number;
  contact: number;
  lastReply: ExchangeReply | null;
}

const PLACES: readonly (readonly string[])[] = [QUEUES, ['a'], QUEUES];

/** The three workers of a random run, and their previous incarnations (ghosts). */
export class Workers {
  readonly members: readonly WorkerState[];
  private readonly ghosts: Worker[] = [];

  constructor(private readonly store: TaskStore) {
    this.members = PLACES.map((queues, slot) => ({
      slot,
      queues,
      incarnation: 0,
      worker: new Worker(store, `w${slot}.0`),
      crashed: false,
      beat: 0,
      contact: 0,
      lastReply: null,
    }));
  }

  at(pick: number): WorkerState {
    return this.members[pick % this.members.length]!;
  }

  awake(pick: number): WorkerState | null {
    const member = this.at(pick);
    return member.crashed ? null : member;
  }

  /** A member's worker, or a ghost. */
  anyone(pick: number): { worker: Worker } {
    const all = [...this.members.map((member) => member.worker), ...this.ghosts];
    return { worker: all[pick % all.length]! };
  }

  /** Workers that the store knows to be alive. */
  alive(now: number): { id: string; queues: readonly string[] }[] {
    const heard = this.members.filter((member) => member.contact + LEASE > now);
    return heard.map(({ worker, queues }) => ({ id: worker.id, queues }));
  }

  async join(member: WorkerState, now: number): Promise<void> {
    await this.store.register(helloOf(member.worker.id, { queues: member.queues }));
    member.beat = member.contact = now;
  }

  /** The old incarnation is gone permanently. */
  async replace(member: WorkerState, now: number): Promise<void> {
    this.ghosts.push(member.worker);
    member.incarnation += 1;
    member.worker = new Worker(this.store, `w${member.slot}.${member.incarnation}`);
    member.crashed = false;
    member.lastReply = null;
    await this.join(member, now);
  }
}
