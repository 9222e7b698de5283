import { ConsoleLogger, type LogLevel } from '@nestjs/common';

/** Contexts of Nest's log lines about wiring and listening, which operators do not need; main reports failures. */
const WIRING = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** The log of the service: text for people (in colour on a terminal) or JSON for machines, without the wiring. */
export class AppLogger extends ConsoleLogger {
  constructor(format: string) {
    super({ json: format === 'json', colors: Boolean(process.stdout.isTTY) && !process.env.NO_COLOR });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!WIRING.has(String(rest.at(-1)))) super.log(message, ...(rest as [string]));
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!WIRING.has(String(rest.at(-1)))) super.error(message, ...(rest as [string]));
  }

  /** '22:41:07.365   LOG [Workflow] …': the reader's clock, and no process id. */
  protected override formatMessage(
    level: LogLevel,
    message: unknown,
    _pid: string,
    shownLevel: string,
    context: string,
  ): string {
    const text = this.stringifyMessage(message, level);
    return `${this.getTimestamp()} ${this.colorize(shownLevel, level)} ${context}${text}\n`;
  }

  protected override getTimestamp(): string {
    const now = new Date();
    const ms = String(now.getMilliseconds()).padStart(3, '0');
    return `${now.toLocaleTimeString('en-GB')}.${ms}`;
  }
}
