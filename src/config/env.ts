import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { previewCron } from 'nestjs-advanced-scheduler';
import { ConfigError, showValue } from './config-error.js';
import { unknownNames } from './unknown-names.js';
import {
  Address,
  DurationText,
  Flag,
  Name,
  OneOf,
  Parsed,
  Path,
  RedisUrl,
  Secret,
  TimeZoneName,
  Token,
  variablesOf,
  WholeNumber,
} from './variable.js';

/** The environment of the service: each property is a variable, its value is the default. */
export class Environment {
  @Address({ unit: 'IP address or host name', about: 'Where to listen.' })
  HOST = '127.0.0.1';

  @WholeNumber({ unit: 'port', about: 'Where to listen; 0 takes any free port.' }, 0, 65_535)
  PORT = 3000;

  @Token({
    unit: 'token',
    about: 'Bearer token of the console with all rights. Without any, one is generated at start.',
  })
  CONSOLE_ADMIN_TOKEN = '';

  @Token({ unit: 'token', about: 'Bearer token of the console that schedules, cancels, retries and pauses.' })
  CONSOLE_OPERATOR_TOKEN = '';

  @Token({ unit: 'token', about: 'Bearer token of the console with read access.' })
  CONSOLE_VIEWER_TOKEN = '';

  @OneOf(
    {
      unit: 'name',
      about:
        'Where the state is: in memory (ends with the process), embedded in a file (survives it), or shared on redis.',
    },
    ['memory', 'embedded', 'redis'],
  )
  STORE: 'memory' | 'embedded' | 'redis' = 'embedded';

  @Path({ unit: 'file', about: 'The SQLite file of STORE=embedded; its other files are next to it.' })
  STORE_PATH = './data/scheduler.db';

  @OneOf(
    {
      unit: 'name',
      about: 'For STORE=embedded: whether a power failure loses nothing acknowledged, or the last 100 ms.',
    },
    ['always', 'interval'],
  )
  STORE_SYNC: 'always' | 'interval' = 'always';

  @RedisUrl({ unit: 'URL', about: 'The Redis of STORE=redis.' })
  REDIS_URL = 'redis://127.0.0.1:6379';

  @Secret({ unit: 'text', about: 'Its password; overrides the one in REDIS_URL.' })
  REDIS_PASSWORD = '';

  @Name({
    unit: 'name',
    about: 'Instances with the same namespace on one Redis share the work; others are independent.',
  })
  NAMESPACE = 'residency';

  @OneOf(
    { unit: 'name', about: 'Whether this instance runs tasks (both, worker) or only schedules them (producer).' },
    ['both', 'producer', 'worker'],
  )
  ROLE: 'both' | 'producer' | 'worker' = 'both';

  @WholeNumber({ unit: 'tasks', about: 'How many handlers run at a time.' }, 1, 1000)
  MAX_CONCURRENT_TASKS = 10;

  @Path({ unit: 'directory', about: 'Directory of reports, schedules and sent mail; created if missing.' })
  DATA_DIR = './data';

  @OneOf({ unit: 'name', about: 'Log lines for people, or one JSON object a line.' }, ['text', 'json'])
  LOG_FORMAT = 'text';

  @TimeZoneName({ unit: 'IANA time zone', about: 'Time zone of NIGHTLY_CRON.' })
  TIMEZONE = 'UTC';

  @Parsed(
    { unit: 'cron expression', about: 'When the nightly audit runs.' },
    'a cron expression of 5 or 6 fields',
    parseCron,
  )
  NIGHTLY_CRON = '0 2 * * *';

  @DurationText(
    { unit: 'duration', about: 'How long a worker without heartbeats keeps its runs before they start again.' },
    '1s',
    '10m',
  )
  LEASE = '15s';

  @DurationText({ unit: 'duration', about: 'How long running handlers may continue after SIGTERM.' }, '0s', '10m')
  SHUTDOWN_DRAIN = '25s';

  @WholeNumber({ unit: 'executions', about: 'How many ended executions are kept.' }, 0, 1_000_000)
  HISTORY_COUNT = 1000;

  @Flag({ unit: 'true or false', about: 'Whether the residency workflow runs at start.' })
  RUN_WORKFLOW_ON_START = true;

  @WholeNumber(
    { unit: 'connections', about: 'How often the mail gateway refuses before it accepts a batch of mail.' },
    0,
    100,
  )
  MAIL_GATEWAY_FAILURES = 2;
}

/**
 * Reads and checks the environment; unset variables have their defaults.
 * @param inFile the names in `.env`. Unknown ones that are meant for the service are refused. Those of the process are not checked: it
 * also has the variables of other programs.
 * @throws ConfigError for the first wrong variable, with the names of the others
 */
export function loadEnvironment(
  env: Record<string, unknown> = process.env,
  inFile: readonly string[] = [],
): Environment {
  const variables = variablesOf(Environment);
  const given = variables.filter(({ name }) => env[name] !== undefined);
  const environment = plainToInstance(Environment, Object.fromEntries(given.map(({ name }) => [name, env[name]])));
  const invalid = validateSync(environment).map(({ property }) => property);
  const known = variables.map(({ name }) => name);
  const wrong = [
    ...unknownNames(inFile, known).map(({ name, nearest }) => ({
      name,
      found: 'this name in .env',
      allowed: `${nearest} (the nearest) and the other names of .env.example`,
    })),
    ...variables
      .filter(({ name }) => invalid.includes(name))
      .map(({ name, allowed }) => ({ name, found: showValue(name, env[name]), allowed })),
  ];
  const [first, ...others] = wrong;
  if (!first) return requireToken(environment);
  const names = others.map(({ name }) => name);
  throw new ConfigError(first.name, first.found, first.allowed, names);
}

/** A service that is reachable from other machines requires a token. */
function requireToken(environment: Environment): Environment {
  const { HOST, CONSOLE_ADMIN_TOKEN, CONSOLE_OPERATOR_TOKEN, CONSOLE_VIEWER_TOKEN } = environment;
  const isLoopback = HOST === 'localhost' || HOST === '::1' || /^127\./.test(HOST);
  if (isLoopback || CONSOLE_ADMIN_TOKEN + CONSOLE_OPERATOR_TOKEN + CONSOLE_VIEWER_TOKEN !== '') return environment;
  const allowed = 'a loopback address such as 127.0.0.1, or any address once CONSOLE_ADMIN_TOKEN is set';
  throw new ConfigError('HOST', showValue('HOST', HOST), allowed);
}

function parseCron(text: string): void {
  previewCron(text, { count: 1, from: new Date() });
}
