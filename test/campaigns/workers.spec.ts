import { campaignSuite } from './fixtures/campaign-suite.js';
import { freezeWorker, killWorker, stopWorker, storm } from './fixtures/faults.js';

campaignSuite(
  'workers',
  'that are killed, ended and stand still',
  [killWorker, freezeWorker, stopWorker, storm],
  [300, 900],
);
