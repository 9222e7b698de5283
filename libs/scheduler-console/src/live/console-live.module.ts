import { Module, type DynamicModule } from '@nestjs/common';
import { EventFeed } from './event-feed.js';
import { LiveAuth } from './live-auth.js';
import { LiveServer } from './live-server.js';

/** The live channel at `<path>/live`. */
@Module({})
export class ConsoleLiveModule {
  /** @param foundation provides the options, the scheduler and access control */
  static register(foundation: DynamicModule): DynamicModule {
    return { module: ConsoleLiveModule, imports: [foundation], providers: [EventFeed, LiveAuth, LiveServer] };
  }
}
