import { expect, it } from '@jest/globals';
import { Environment } from './env.js';
import { unknownNames } from './unknown-names.js';
import { variablesOf } from './variable.js';

const known = variablesOf(Environment).map(({ name }) => name);

it.each([
  ['STOER', 'STORE'],
  ['HOSTS', 'HOST'],
  ['port', 'PORT'],
  ['TIME_ZONE', 'TIMEZONE'],
  ['NAMESPCE', 'NAMESPACE'],
  ['MAX_CONCURENT_TASK', 'MAX_CONCURRENT_TASKS'],
  ['RUN_WORKFLOW_AT_START', 'RUN_WORKFLOW_ON_START'],
  ['STORE_FILE', 'STORE_PATH'],
  ['REDIS_HOST', 'REDIS_URL'],
  ['CONSOLE_TOKEN', 'CONSOLE_ADMIN_TOKEN'],
  ['STORE_PTAH', 'STORE_PATH'],
])('%s is taken for %s', (name, nearest) => {
  expect(unknownNames([name], known)).toEqual([{ name, nearest }]);
});

it('lets known names and those of other programs pass', () => {
  const others = ['NODE_ENV', 'NODE_OPTIONS', 'HOME', 'HOSTNAME', 'PATH', 'TZ', 'DEBUG', 'LOG_LEVEL', 'DATA_URL'];
  const more = [
    'MAIL_FROM',
    'MAX_OLD_SPACE',
    'COMPOSE_PROJECT_NAME',
    'NESTJS_SCHEDULER_URL',
    'DATABASE_URL',
    'no_proxy',
  ];
  expect(unknownNames([...known, ...others, ...more], known)).toEqual([]);
});
