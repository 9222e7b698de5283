import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Environment } from '../config/env.js';
import { DATA_DIR, DataDirectory } from './delivery/data-directory.js';
import { MAIL_GATEWAY_FAILURES, MailGateway } from './delivery/mail-gateway.js';
import { Outbox } from './delivery/outbox.js';
import { NightlyAuditTask } from './nightly-audit.task.js';
import { ResidencyTasks, ROSTER } from './residency.tasks.js';
import { sampleRoster } from './sample/roster.js';
import { WorkflowProgress } from './workflow-progress.js';
import { WorkflowRunner } from './workflow-runner.js';

/** Residency scheduling: the tasks of the workflow and the nightly audit, and their outputs. */
@Module({
  providers: [
    { provide: ROSTER, useValue: sampleRoster },
    setting(DATA_DIR, 'DATA_DIR'),
    setting(MAIL_GATEWAY_FAILURES, 'MAIL_GATEWAY_FAILURES'),
    DataDirectory,
    Outbox,
    MailGateway,
    ResidencyTasks,
    NightlyAuditTask,
    WorkflowProgress,
    WorkflowRunner,
  ],
  exports: [WorkflowRunner],
})
export class ResidencyModule {}

/** One variable of the environment as a separate provider, so its users do not depend on configuration. */
function setting(token: symbol, name: keyof Environment) {
  return {
    provide: token,
    useFactory: (config: ConfigService<Environment, true>) => config.get(name, { infer: true }),
    inject: [ConfigService],
  };
}
