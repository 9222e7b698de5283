import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { addDoctor } from './commands/doctor.js';
import { addExecutions } from './commands/executions.js';
import { addQueues } from './commands/queues.js';
import { addRecount } from './commands/recount.js';
import { addSchedules } from './commands/schedules.js';
import { addTransfer } from './commands/transfer.js';
import { ConsoleClient } from './console-client.js';
import { EXIT, Failure } from './failure.js';
import { printable } from './output.js';
import type { Terminal, Tools } from './tools.js';

interface GlobalOptions {
  url: string;
  json: boolean;
}

/** From src and from dist alike. */
const { version: VERSION } = createRequire(import.meta.url)('../package.json') as { version: string };

const HELP = `
Environment:
  NESTJS_SCHEDULER_URL    URL of the console, as --url
  NESTJS_SCHEDULER_TOKEN  token of the console
  REDIS_URL               server for doctor

Exit codes: 0 done, 1 refused or failed, 64 wrong usage, 69 not reachable, 77 not permitted.`;

/** Runs one command. @returns its exit code; never throws */
export async function run(args: readonly string[], { env, out, err }: Terminal): Promise<number> {
  const program = new Command('nestjs-scheduler')
    .version(VERSION)
    .description('Inspects and operates a fleet of nestjs-advanced-scheduler through its console')
    .addOption(
      new Option('--url <url>', 'URL of the console, with its path').default(
        env['NESTJS_SCHEDULER_URL'] || 'http://127.0.0.1:3000',
        'NESTJS_SCHEDULER_URL, or http://127.0.0.1:3000',
      ),
    )
    .option('--json', 'print JSON', false)
    .addHelpText('after', HELP)
    .configureOutput({ writeOut: out, writeErr: err })
    .exitOverride();
  const options = (): GlobalOptions => program.opts<GlobalOptions>();
  const tools: Tools = {
    client: () => new ConsoleClient(options().url, env['NESTJS_SCHEDULER_TOKEN'] || null),
    namesConsole: () => Boolean(env['NESTJS_SCHEDULER_URL']) || program.getOptionValueSource('url') === 'cli',
    output: () => ({ json: options().json, out, err }),
    env,
  };
  for (const add of [addExecutions, addQueues, addSchedules, addTransfer, addDoctor, addRecount]) add(program, tools);
  for (const command of program.commands) command.configureHelp({ showGlobalOptions: true });
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has printed what it found, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = error instanceof Failure ? error : new Failure(`unexpected: ${String(error)}`);
    const { message, code } = failure;
    if (options().json) err(`${JSON.stringify({ error: { code, message } })}\n`);
    else err(`${printable(code === null ? message : `${code}: ${message}`)}\n`);
    return failure.exitCode;
  }
}
