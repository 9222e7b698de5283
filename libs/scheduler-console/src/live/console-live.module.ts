import { Module } from '@nestjs/common';
import { EventFeed } from './event-feed.js';
import { LiveServer } from './live-server.js';

/** The live channel at `<path>/live`. */
@Module({ providers: [EventFeed, LiveServer] })
export class ConsoleLiveModule {}
