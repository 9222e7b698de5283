import { Inject, Injectable } from '@nestjs/common';
import type { Message } from '../domain/messages.js';
import { Outbox } from './outbox.js';

/** How many connections the gateway refuses before it takes a batch. */
export const MAIL_GATEWAY_FAILURES = Symbol('MAIL_GATEWAY_FAILURES');

/** The gateway refused the batch for now. */
export class MailGatewayBusyError extends Error {
  override readonly name = 'MailGatewayBusyError';
}

/** A simulated mail gateway: refuses each batch at first, then accepts it. */
@Injectable()
export class MailGateway {
  private readonly refusals = new Map<string, number>();

  constructor(
    private readonly outbox: Outbox,
    @Inject(MAIL_GATEWAY_FAILURES) private readonly failures: number,
  ) {}

  /**
   * Sends a batch of mail, whole or not at all. Returns false if a batch with this key was sent before.
   * @throws MailGatewayBusyError while it refuses
   */
  async send(key: string, messages: readonly Message[]): Promise<boolean> {
    const refused = this.refusals.get(key) ?? 0;
    if (refused < this.failures) {
      this.refusals.set(key, refused + 1);
      throw new MailGatewayBusyError('mail gateway: 421 too many connections, try again later');
    }
    this.refusals.delete(key);
    return this.outbox.post(key, messages);
  }
}
