import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { BootContext } from '../core/boot-context.js';
import type { Effect, ExecutionEffect, ExecutionTransition } from '../core/effects.js';
import { copyOf, parseJson } from '../core/json.js';
import { EventHub } from './event-hub.js';
import { SCHEDULER_NAME, SCHEDULER_EMITTER } from './tokens.js';
import type { ExecutionEvent, SchedulerEventMap, SchedulerEventName } from './scheduler-events.js';

/** Effects that are events; the others are signals for loops of this process. */
/** Reported to operators by logs and health instead of events. */
const OPERATIONAL = ['setAside', 'clockStep', 'returned', 'rewound'] as const;
type Operational = Extract<Effect, { kind: (typeof OPERATIONAL)[number] }>;
type Told = Exclude<Extract<Effect, { time: number }>, Operational>;

type Listener = ReturnType<EventEmitter2['listeners']>[number];

const isTold = (effect: Effect): effect is Told =>
  'time' in effect && !(OPERATIONAL as readonly string[]).includes(effect.kind);

/** Publishes effects on the app's EventEmitter2 as typed events. Builds no event without a listener. */
@Injectable()
export class EventPublisher implements OnModuleInit {
  private readonly logger = new Logger('SchedulerEvents');
  private lastTime = Number.NaN;
  private lastIso = '';
  private readonly scheduler: string;
  private readonly receive = (listener: Listener, event: object): void => void listener.call(this.emitter, event);

  constructor(
    private readonly hub: EventHub,
    private readonly context: BootContext,
    @Inject(SCHEDULER_EMITTER) private readonly emitter: EventEmitter2,
    @Inject(SCHEDULER_NAME) name: string,
  ) {
    this.scheduler = name || 'default';
  }

  onModuleInit(): void {
    this.hub.listen(
      (effects) => this.publish(effects),
      (transition) => this.hasListener(EXECUTION_EVENTS[transition]),
    );
  }

  private publish(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (!isTold(effect)) continue;
      const name = nameOf(effect);
      if (this.hasListener(name)) this.emit(name, this.eventOf(effect));
    }
  }

  private hasListener(name: SchedulerEventName): boolean {
    // With wildcards, hasListeners ignores the listeners of onAny.
    return (this.emitter.hasListeners(name) as boolean) || this.emitter.listenersAny().length > 0;
  }

  /** Calls each listener on its own, as `emit` would, which stops at the first one that throws. */
  private emit<N extends SchedulerEventName>(name: N, event: SchedulerEventMap[N]): void {
    const { emitter } = this;
    // Listeners may read it as `this.event`.
    (emitter as { event?: string }).event = name;
    const toAll = emitter.listenersAny();
    // Copies, since a listener may remove itself.
    if (toAll.length > 0) for (const listener of [...toAll]) this.call(name, listener.bind(emitter, name), event);
    const listeners = emitter.listeners(name);
    if (listeners.length === 1) this.call(name, listeners[0]!, event);
    else for (const listener of [...listeners]) this.call(name, listener, event);
  }

  private call(name: string, listener: Listener, event: object): void {
    try {
      this.context.run(this.receive, listener, event);
    } catch (error) {
      this.logger.error(`a listener of ${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private eventOf(effect: Told): SchedulerEventMap[SchedulerEventName] {
    if (effect.kind === 'execution') return this.executionEvent(effect);
    const { kind: _kind, ...rest } = effect;
    return {
      ...rest,
      scheduler: this.scheduler,
      time: new Date(rest.time).toISOString(),
    };
  }

  private executionEvent(effect: ExecutionEffect): ExecutionEvent {
    return {
      scheduler: this.scheduler,
      transition: effect.transition,
      executionId: effect.executionId,
      taskId: effect.taskId,
      status: effect.status,
      queue: effect.queue,
      priority: effect.priority,
      time: this.iso(effect.time),
      workerId: effect.workerId,
      workflowId: effect.workflowId,
      result: effect.result === null ? null : parseJson(effect.result),
      error: copyOf(effect.error),
      reason: effect.reason,
    };
  }

  /** Cached, since many events share a millisecond and formatting is expensive. */
  private iso(time: number): string {
    if (time !== this.lastTime) {
      this.lastTime = time;
      this.lastIso = new Date(time).toISOString();
    }
    return this.lastIso;
  }
}

/** Precomputed, since each transition needs a name. */
const EXECUTION_EVENTS = {
  scheduled: 'scheduler.execution.scheduled',
  started: 'scheduler.execution.started',
  completed: 'scheduler.execution.completed',
  failed: 'scheduler.execution.failed',
  retrying: 'scheduler.execution.retrying',
  released: 'scheduler.execution.released',
  rescued: 'scheduler.execution.rescued',
  cancelled: 'scheduler.execution.cancelled',
  skipped: 'scheduler.execution.skipped',
  reopened: 'scheduler.execution.reopened',
  cancelRequested: 'scheduler.execution.cancelRequested',
} as const satisfies Record<ExecutionTransition, SchedulerEventName>;

function nameOf(effect: Told): SchedulerEventName {
  switch (effect.kind) {
    case 'execution':
      return EXECUTION_EVENTS[effect.transition];
    case 'progress':
    case 'log':
    case 'stale':
      return `scheduler.execution.${effect.kind}`;
    case 'workflow':
      return 'scheduler.workflow.ended';
    case 'missed':
      return 'scheduler.events.missed';
    case 'lock':
    case 'queue':
    case 'schedule':
    case 'worker':
      return `scheduler.${effect.kind}.${effect.transition}` as SchedulerEventName;
  }
}
