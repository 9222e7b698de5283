import 'reflect-metadata';
import { Logger, type INestApplication } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { AdvancedTaskScheduler, SchedulerError } from 'nestjs-advanced-scheduler';
import { AppLogger } from './app.logger.js';
import { AppModule } from './app.module.js';
import { ConfigError } from './config/config-error.js';
import type { Environment } from './config/env.js';
import { NIGHTLY_AUDIT } from './residency/nightly-audit.task.js';
import { WorkflowRunner } from './residency/workflow-runner.js';

async function main(): Promise<void> {
  const module = await AppModule.register();
  const app = await NestFactory.create(module, { abortOnError: false, bufferLogs: true, forceCloseConnections: true });
  const config = app.get<ConfigService<Environment, true>>(ConfigService);
  app.useLogger(new AppLogger(config.get('LOG_FORMAT', { infer: true })));
  app.enableShutdownHooks([], { useProcessExit: true });
  await listen(app, config.get('HOST', { infer: true }), config.get('PORT', { infer: true }));

  const logger = new Logger('Residency');
  const base = await app.getUrl();
  logger.log(`probes: ${['live', 'ready', 'startup'].map((probe) => `${base}/health/${probe}`).join(' ')}`);
  if (config.get('RUN_WORKFLOW_ON_START', { infer: true })) {
    // The service goes on serving and auditing whatever becomes of this one run.
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

async function listen(app: INestApplication, host: string, port: number): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
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
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(ConfigError.EXIT_CODE);
  }
  if (error instanceof SchedulerError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exit(1);
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
