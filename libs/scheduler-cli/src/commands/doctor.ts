import type { Command } from 'commander';
import { checkRedis, type RedisCheck } from 'nestjs-advanced-scheduler';
import { EXIT, Failure } from '../failure.js';
import { printFields } from '../output.js';
import type { Tools } from '../tools.js';
import { compare, refuseDifferences, type Figure } from './recount.js';

const UNAVAILABLE = ['STORE_UNAVAILABLE', 'STORE_LOADING'];

/** doctor: checks a Redis server as a scheduler does at its start, and the counters if a console is named. */
export function addDoctor(program: Command, { client, namesConsole, output, env }: Tools): void {
  program
    .command('doctor')
    .description('check the Redis server of REDIS_URL (version, eviction policy, persistence, rights) and the counters')
    .option('--namespace <name>', 'whose keys the user must be allowed to use', 'default')
    .action(async ({ namespace }: { namespace: string }) => {
      // Only from the environment: arguments are visible to every user of the machine.
      const url = env['REDIS_URL'];
      if (!url) throw new Failure('set REDIS_URL, such as redis://user:password@host:6379/0', EXIT.usage);
      const { warnings, server, maxMemory, evictionPolicy, hasAppendOnlyFile } = await check(url, namespace);
      const figures = namesConsole() ? await compare(client()) : undefined;
      printFields(output(), {
        server,
        maxMemory,
        evictionPolicy,
        hasAppendOnlyFile,
        ...(output().json
          ? { warnings, ...(figures !== undefined && { counters: figures }) }
          : {
              ...Object.fromEntries(warnings.map((text, at) => [`warning ${at + 1}`, text])),
              ...(figures !== undefined && { counters: describe(figures) }),
            }),
      });
      refuseDifferences(figures ?? []);
    });
}

function describe(figures: readonly Figure[] | null): string {
  if (figures === null) return 'not compared: executions begin and end';
  return figures
    .map(({ figure, counter, recount }) => `${figure} ${counter}${counter === recount ? '' : `, recounted ${recount}`}`)
    .join('; ');
}

async function check(url: string, namespace: string): Promise<RedisCheck> {
  try {
    return await checkRedis({ url }, namespace);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (typeof code !== 'string') throw error;
    if (code === 'INVALID_OPTION' || code === 'INVALID_NAME') throw new Failure(message, EXIT.usage, code);
    if (code === 'STORE_ACCESS_DENIED') throw new Failure(message, EXIT.notPermitted, code);
    throw new Failure(message, UNAVAILABLE.includes(code) ? EXIT.unavailable : EXIT.failed, code);
  }
}
