import { Module, type DynamicModule } from '@nestjs/common';
import { LiveChannel } from './live-channel.js';
import { LiveGate } from './live-gate.js';

/** `<path>/live`. */
@Module({})
export class ConsoleLiveModule {
  /** @param foundation gives the options, the scheduler, and who may come in */
  static register(foundation: DynamicModule): DynamicModule {
    return { module: ConsoleLiveModule, imports: [foundation], providers: [LiveGate, LiveChannel] };
  }
}
