import { Module, type DynamicModule } from '@nestjs/common';
import { EVENT_SOURCE } from '../store/effect-source.js';
import { EMITTER_MODULE } from './app-emitter.js';
import { EventHub } from './event-hub.js';
import { EventPublisher } from './event-publisher.js';
import { ExecutionWaiter } from './execution-waiter.js';

/** Receives effects of the store and publishes them to the app. */
@Module({})
export class EventsModule {
  /** @param imports the module that provides the store and the clock of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return {
      module: EventsModule,
      imports: [...imports, EMITTER_MODULE],
      providers: [EventHub, { provide: EVENT_SOURCE, useExisting: EventHub }, EventPublisher, ExecutionWaiter],
      exports: [EventHub, EVENT_SOURCE, ExecutionWaiter],
    };
  }
}
