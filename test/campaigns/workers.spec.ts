import { campaignSuite } from './fixtures/campaign-suite.js';
import { freezeWorker, killWorker, stopWorker } from './fixtures/faults.js';

campaignSuite('workers', 'that are killed, ended and stand still', [killWorker, freezeWorker, stopWorker], [300, 900]);
