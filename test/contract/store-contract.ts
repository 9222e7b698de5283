import { describe } from '@jest/globals';
import { arrivingContract } from './arriving.contract.js';
import { bindingContract } from './binding.contract.js';
import { cancelContract } from './cancel.contract.js';
import { claimContract } from './claim.contract.js';
import { closedContract } from './closed.contract.js';
import { closureContract } from './closure.contract.js';
import { definitionContract } from './definition.contract.js';
import { edgeContract } from './edge.contract.js';
import { effectsContract } from './effects.contract.js';
import { endedContract } from './ended.contract.js';
import { enqueueContract } from './enqueue.contract.js';
import { executionLockContract } from './execution-lock.contract.js';
import { fanInContract } from './fan-in.contract.js';
import { type OpenStore } from './fixtures.js';
import { freeLockContract } from './free-lock.contract.js';
import { handleLockContract } from './handle-lock.contract.js';
import { heartbeatContract } from './heartbeat.contract.js';
import { historyContract } from './history.contract.js';
import { idempotencyContract } from './idempotency.contract.js';
import { illegalContract } from './illegal.contract.js';
import { keptWholeContract } from './kept-whole.contract.js';
import { listingContract } from './listing.contract.js';
import { manyEdgesContract } from './many-edges.contract.js';
import { pauseContract } from './pause.contract.js';
import { reopenContract } from './reopen.contract.js';
import { replayContract } from './replay.contract.js';
import { retryContract } from './retry.contract.js';
import { declaredScheduleContract } from './declared-schedule.contract.js';
import { overlapContract } from './overlap.contract.js';
import { scheduleContract } from './schedule.contract.js';
import { settleContract } from './settle.contract.js';
import { snoozeContract } from './snooze.contract.js';
import { statsContract } from './stats.contract.js';
import { ttlContract } from './ttl.contract.js';
import { unhandledContract } from './unhandled.contract.js';
import { waitingContract } from './waiting.contract.js';
import { workerContract } from './worker.contract.js';
import { workflowContract } from './workflow.contract.js';
import { workflowHistoryContract } from './workflow-history.contract.js';
import { workflowsTogetherContract } from './workflows-together.contract.js';

const CONCERNS = [
  enqueueContract,
  idempotencyContract,
  claimContract,
  settleContract,
  replayContract,
  illegalContract,
  retryContract,
  snoozeContract,
  pauseContract,
  edgeContract,
  bindingContract,
  closureContract,
  fanInContract,
  closedContract,
  workflowContract,
  workflowHistoryContract,
  workflowsTogetherContract,
  executionLockContract,
  ttlContract,
  freeLockContract,
  handleLockContract,
  workerContract,
  unhandledContract,
  heartbeatContract,
  cancelContract,
  reopenContract,
  declaredScheduleContract,
  scheduleContract,
  overlapContract,
  definitionContract,
  historyContract,
  keptWholeContract,
  listingContract,
  manyEdgesContract,
  arrivingContract,
  statsContract,
  waitingContract,
  endedContract,
  effectsContract,
];

/** What every store must do, verb by verb. `open` returns an empty store with the given options. */
export function storeContract(name: string, open: OpenStore): void {
  describe(`store contract: ${name}`, () => {
    for (const concern of CONCERNS) concern(open);
  });
}
