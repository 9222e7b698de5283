import { Injectable } from '@nestjs/common';
import type { Message } from '../domain/messages.js';
import { DataDirectory } from './data-directory.js';

/**
 * Outgoing mail: one file of JSON lines for each batch, named by its key. A batch is accepted whole and once. A task
 * that runs twice (execution is at least once) uses its executionId as the key, so it sends no mail twice.
 */
@Injectable()
export class Outbox {
  constructor(private readonly directory: DataDirectory) {}

  /** Returns false, without writing, if a batch with this key was accepted before. */
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
