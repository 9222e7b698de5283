import { Module, type DynamicModule, type FactoryProvider, type Provider, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { SCHEDULER_EMITTER } from './tokens.js';

const APP_EMITTER = Symbol('the emitter of the app, or null');
const ON_EVENT_LOADER = Symbol('the loader of @OnEvent listeners');

/** Finds the EventEmitter2 of the app's EventEmitterModule, which is global, in contrast to ours. */
@Module({
  providers: [
    {
      provide: APP_EMITTER,
      useFactory: (emitter?: EventEmitter2) => emitter ?? null,
      inject: [{ token: EventEmitter2, optional: true }],
    },
  ],
  exports: [APP_EMITTER],
})
class AppEmitterModule {}

class SchedulerEmitterModule {}

/**
 * The emitter for lifecycle events: the app's, if it imports EventEmitterModule, otherwise one of ours. Ours includes
 * the loader of EventEmitterModule, so @OnEvent works without it. With the app's emitter there is no second loader, so
 * no listener receives an event twice.
 */
export const EMITTER_MODULE: DynamicModule = emitterModule();

function emitterModule(): DynamicModule {
  const options = { global: false };
  const base = EventEmitterModule.forRoot(options);
  const isLoader = (provider: Provider): provider is Type =>
    typeof provider === 'function' && 'loadEventListeners' in provider.prototype;
  const loader = base.providers?.find(isLoader);
  const emitter: FactoryProvider = {
    provide: EventEmitter2,
    useFactory: (app: EventEmitter2 | null) => app ?? new EventEmitter2(),
    inject: [APP_EMITTER],
  };
  const onEvent: FactoryProvider = {
    provide: ON_EVENT_LOADER,
    useFactory: (app: EventEmitter2 | null, moduleRef: ModuleRef) => (app || !loader ? null : moduleRef.create(loader)),
    inject: [APP_EMITTER, ModuleRef],
  };
  return {
    module: SchedulerEmitterModule,
    imports: [...(base.imports ?? []), AppEmitterModule],
    providers: [
      ...(base.providers ?? []).filter(
        (provider) => provider !== loader && !(typeof provider === 'object' && provider.provide === EventEmitter2),
      ),
      emitter,
      onEvent,
      { provide: SCHEDULER_EMITTER, useExisting: EventEmitter2 },
    ],
    exports: [SCHEDULER_EMITTER],
  };
}
