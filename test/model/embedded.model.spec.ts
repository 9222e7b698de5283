import { openEmbedded } from '../support/open-embedded.js';
import { compareSuite } from './compare-stores.js';
import { modelSuite } from './model-suite.js';
import { openMemory } from './open-memory.js';
import { recoverySuite } from './recovery-suite.js';

modelSuite('embedded', openEmbedded(), { runs: 20 });
modelSuite('embedded with a short history, and sync interval', openEmbedded({ sync: 'interval' }), {
  runs: 20,
  historyCount: 3,
});
compareSuite('memory and embedded', openMemory, openEmbedded(), { runs: 20, historyCount: 10 });
compareSuite('memory and embedded without history', openMemory, openEmbedded(), { runs: 10, historyCount: 0 });
recoverySuite({ runs: 12, historyCount: 6 });
