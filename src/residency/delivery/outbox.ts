import { Injectable } from '@nestjs/common';
import type { Message } from '../domain/messages.js';
import { DataDirectory } from './data-directory.js';

/**
 * Mail handed over for sending: one file of JSON lines for each batch, named by a key. A batch is taken whole and once,
 * so a task that runs twice (delivery is at least once) sends no mail twice: its key is the executionId.
 */
@Injectable()
export class Outbox {
  constructor(private readonly directory: DataDirectory) {}

  /** Returns false if a batch of this key was taken before; then nothing is written. */
  post(key: string, messages: readonly Message[]): Promise<boolean> {
    const lines = messages.map((message) => `${JSON.stringify(message)}\n`);
    return this.directory.createOnce(`outbox/${key}.jsonl`, lines.join(''));
  }

  /** The batch of a key, or null. */
  async read(key: string): Promise<Message[] | null> {
    const text = await this.directory.read(`outbox/${key}.jsonl`);
    return text === null
      ? null
      : text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Message);
  }
}
