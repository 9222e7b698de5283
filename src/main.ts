import 'reflect-metadata';
import { Logger, type INestApplication } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { AdvancedTaskScheduler, SchedulerError } from 'nestjs-advanced-scheduler';
import { AppLogger } from './app.logger.js';
import { AppModule, tokensOf } from './app.module.js';
import { ConfigError } from './config/config-error.js';
import type { Environment } from './config/env.js';
import { isStoreError, StoreFailure } from './config/store-failure.js';
import { ArgumentError, parseArguments } from './demo/arguments.js';
import { LimitedExpressAdapter } from './http-limits.js';
import { NIGHTLY_AUDIT } from './residency/nightly-audit.task.js';
import { WorkflowRunner } from './residency/workflow-runner.js';

async function main(): Promise<void> {
  const { demo } = parseArguments(process.argv.slice(2));
  const module = await AppModule.register({ demo });
  const options = { abortOnError: false, bufferLogs: true, forceCloseConnections: true };
  const app = await NestFactory.create(module, new LimitedExpressAdapter(), options);
  const config = app.get<ConfigService<Environment, true>>(ConfigService);
  app.useLogger(new AppLogger(config.get('LOG_FORMAT', { infer: true })));
  app.enableShutdownHooks([], { useProcessExit: true });
  await listen(app, config);

  const logger = new Logger('Residency');
  const base = await app.getUrl();
  const isTokenSet = tokensOf(config).length > 0;
  const token = isTokenSet ? 'a token of CONSOLE_…_TOKEN' : 'the admin token of this run, see above';
  logger.log(`dashboard: ${base}/dashboard/ (sign in with ${token})`);
  logger.log(`probes: ${['live', 'ready', 'startup'].map((probe) => `${base}/health/${probe}`).join(' ')}`);
  if (config.get('RUN_WORKFLOW_ON_START', { infer: true })) {
    // The service continues to serve and to audit whatever the result of this run.
    await app
      .get(WorkflowRunner)
      .runOrResume()
      .catch((error: unknown) => logger.error(error));
  }
  const nightly = (await app.get(AdvancedTaskScheduler).listCronTasks()).find(({ taskId }) => taskId === NIGHTLY_AUDIT);
  if (nightly)
    logger.log(`next nightly audit: ${nightly.nextRunTime} (${nightly.cronExpression}, ${nightly.timezone})`);
  logger.log('serving; stop with Ctrl+C');
}

/**
 * Starts everything. If the store is unreachable the process exits instead of waiting: it is of no use before its
 * definitions and schedules are stored, and a supervisor can restart it and see the reason.
 */
async function listen(app: INestApplication, config: ConfigService<Environment, true>): Promise<void> {
  const [host, port] = [config.get('HOST', { infer: true }), config.get('PORT', { infer: true })];
  try {
    await app.listen(port, host);
  } catch (error) {
    if (isStoreError(error)) {
      const variable = config.get('STORE', { infer: true }) === 'embedded' ? 'STORE_PATH' : 'REDIS_URL';
      throw new StoreFailure(variable, config.get(variable, { infer: true }), error);
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new ConfigError('PORT', `${port} (in use on ${host})`, 'a free port, or 0 for any');
    if (code === 'EACCES') throw new ConfigError('PORT', `${port} (${code})`, 'a port that this user may open');
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new ConfigError('HOST', `"${host}" (${code})`, 'an address of this machine');
    throw error;
  }
}

main().catch((error: unknown) => {
  if (error instanceof ArgumentError || error instanceof ConfigError || error instanceof StoreFailure) {
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode);
  }
  if (error instanceof SchedulerError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exit(1);
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
