import type { FireCommand } from '../../libs/scheduler/src/core/commands.js';
import { isTerminal } from '../../libs/scheduler/src/core/status.js';
import type { Command } from './commands.js';
import { LOCK_KEYS, LOCK_RESERVED, TICK_MS, WAIT_LAPSE } from './config.js';
import type { Harness } from './harness.js';
import { violated } from './violation.js';

const HANDLE_TTL = 10_000;

/** I10: a tick fires at most once, only on the state that it was decided on, and not while the previous run is active. */
export async function playFire(harness: Harness, command: Extract<Command, { kind: 'fire' }>): Promise<void> {
  const { store, now, factory, reference } = harness;
  const schedule = (await store.getSchedule('ticker'))!;
  const time = schedule.nextRunTime!;
  if (time > now) return;
  const execution = factory.tick(time);
  const fire: FireCommand = {
    scheduleId: 'ticker',
    expected: { revision: schedule.revision, nextRunTime: command.stale ? time - TICK_MS : time },
    ticks: [{ execution, time, leaveOut: false }],
    overlap: command.overlap,
    cancelGrace: 0,
    nextRunTime: time + TICK_MS * Math.ceil((now + 1 - time) / TICK_MS),
  };
  if (command.stale) {
    if (await harness.unchanged('a tick decided on another state', () => fireOnce(store, fire)))
      violated('I10', 'a stale tick fired');
    return;
  }
  const before = [...reference.executions.values()].filter((e) => e.taskId === 'nightly' && e.id.startsWith('cron:'));
  const previous = before.filter((e) => e.reason !== 'OVERLAP').at(-1);
  const mustSkip = command.overlap === 'skip' && previous !== undefined && !isTerminal(previous.status);
  const maySkip = command.overlap === 'skip' && before.some((e) => !isTerminal(e.status));
  const fired = await harness.call({ now, submitted: [execution] }, () => fireOnce(store, fire));
  if (!fired) violated('I10', `tick ${time} was refused`);
  const skipped = reference.executions.get(execution.executionId)?.status === 'SKIPPED';
  if (skipped ? !maySkip : mustSkip)
    violated('I10', `tick ${time}: ${skipped ? 'left out' : 'run'} against its overlap policy`);
  if (await harness.unchanged('a tick that has fired', () => fireOnce(store, fire)))
    violated('I10', `tick ${time} fired twice`);
}

async function fireOnce(store: Harness['store'], command: FireCommand): Promise<boolean> {
  return (await store.fire([command]))[0]!;
}

type LockCommand = Extract<Command, { kind: 'acquire' | 'unlock' | 'extend' }>;

/** I11 from the side of handles. */
export async function playLock(harness: Harness, command: LockCommand): Promise<void> {
  const { store, now, reference } = harness;
  const { locks } = harness.oracle;
  const key = LOCK_KEYS[command.key % LOCK_KEYS.length]!;
  const holder = locks.holders.get(key);
  const owner = `handle ${command.owner % 3}`;
  if (command.kind === 'acquire') {
    const waiting = locks.waits.get(key);
    // A free lock may be reserved for an execution that could start, or was made ready a moment ago.
    const called = reference.calledFor(key);
    const mayBeReserved = [...reference.executions.values()].some((e) => {
      if (e.lock?.key !== key || !reference.couldStart(e)) return false;
      if (e.called !== null) return now < e.called.at + LOCK_RESERVED;
      return e.parkedSince !== null && !called.some((each) => reference.isSameLine(each, e));
    });
    const others = [...(waiting ?? [])].filter(([other, { deadline }]) => other !== owner && deadline > now);
    const isFree = holder === undefined && !mayBeReserved && others.length === 0;
    const isOwn = holder?.owner === owner && holder.safeUntil > now;
    // An expired wait counts as a new request.
    if ((waiting?.get(owner)?.deadline ?? now + 1) <= now) waiting!.delete(owner);
    const scope = { now, handleTtl: command.ttl };
    const grant = await harness.call(scope, () => store.acquireLock(key, owner, command.ttl, command.maxWait));
    const holds = locks.holders.get(key);
    if (grant && (holds?.owner !== owner || holds.fencingToken !== grant.fencingToken)) {
      violated('I11', `${owner} was given ${key}, and nothing was reported`);
    }
    if (isOwn && grant?.fencingToken !== holder.fencingToken) violated('I11', `${owner} lost ${key} by asking again`);
    if (grant) locks.renew(key, owner, now + command.ttl);
    if (!grant && isFree) violated('I11', `${owner} was not given ${key}, which is free`);
    if (!grant && command.maxWait > 0) locks.wait(key, owner, now + Math.min(command.maxWait, WAIT_LAPSE), command.ttl);
    return;
  }
  const mine = holder?.owner === owner;
  const token = (holder?.fencingToken ?? 1) - (command.rightToken ? 0 : 1);
  const scope = { now, unlocking: mine && command.rightToken ? owner : undefined };
  const done = await harness.call(scope, () =>
    command.kind === 'unlock' ? store.releaseLock(key, owner, token) : store.extendLock(key, owner, token, HANDLE_TTL),
  );
  const expired = mine && holder.safeUntil <= now;
  if (done && !(mine && command.rightToken))
    violated('I11', `${owner} ${command.kind}ed ${key} with a token of another`);
  if (!done && mine && command.rightToken && !expired)
    violated('I11', `${owner} could not ${command.kind} its own ${key}`);
  if (done && command.kind === 'extend') locks.renew(key, owner, now + HANDLE_TTL);
}
