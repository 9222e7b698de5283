import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { violated } from './violation.js';

type LockEffect = Extract<Effect, { kind: 'lock' }>;

interface Holder {
  owner: string;
  fencingToken: number;
  /** Not before this instant may it be lost by expiry. */
  safeUntil: number;
}

/** I11: at most one holder of a key, tokens that only grow, no lock taken from a holder whose time is not over. */
export class LockModel {
  readonly holders = new Map<string, Holder>();
  granted = 0;
  lost = 0;
  /** By key and owner: those handles that wait, and how long. */
  readonly waits = new Map<string, Map<string, { deadline: number; ttl: number }>>();
  private readonly lostTokens = new Set<string>();
  private readonly newestToken = new Map<string, number>();

  /** @param ttl of what the grant is for, at least */
  hear(effect: LockEffect, ttl: number): void {
    const { key, owner, fencingToken, time } = effect;
    const holder = this.holders.get(key);
    if (effect.transition === 'granted') {
      if (holder) violated('I11', `lock ${key} is granted to ${owner} while ${holder.owner} holds it`);
      const newest = this.newestToken.get(key) ?? 0;
      if (fencingToken <= newest) violated('I11', `lock ${key}: token ${fencingToken} after ${newest}`);
      this.newestToken.set(key, fencingToken);
      this.holders.set(key, { owner, fencingToken, safeUntil: time + ttl });
      const wait = this.waits.get(key)?.get(owner);
      if (wait && time > wait.deadline) violated('I11', `lock ${key} is granted to ${owner} after its wait was over`);
      this.waits.get(key)?.delete(owner);
      this.granted++;
      return;
    }
    if (holder?.owner !== owner || holder.fencingToken !== fencingToken) {
      violated('I11', `lock ${key} is ${effect.transition} by ${owner} #${fencingToken}, held by ${show(holder)}`);
    }
    if (effect.transition === 'lost') {
      if (time < holder.safeUntil) violated('I11', `lock ${key} is lost ${holder.safeUntil - time} ms early`);
      this.lost++;
      this.lostTokens.add(`${key}#${fencingToken}`);
    }
    this.holders.delete(key);
  }

  wait(key: string, owner: string, deadline: number, ttl: number): void {
    const waits = this.waits.get(key) ?? new Map<string, { deadline: number; ttl: number }>();
    this.waits.set(key, waits.set(owner, { deadline, ttl }));
  }

  wasLost(key: string, fencingToken: number | null): boolean {
    return this.lostTokens.has(`${key}#${fencingToken}`);
  }

  renew(key: string, owner: string, safeUntil: number): void {
    const holder = this.holders.get(key);
    if (holder?.owner === owner) holder.safeUntil = safeUntil;
  }
}

function show(holder: Holder | undefined): string {
  return holder ? `${holder.owner} #${holder.fencingToken}` : 'nobody';
}
