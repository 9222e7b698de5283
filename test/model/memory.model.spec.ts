import { crashingSequence } from './commands.js';
import { compareSuite } from './compare-stores.js';
import { modelSuite } from './model-suite.js';
import { openMemory } from './open-memory.js';
import { repeatingExchanges } from './wrap-store.js';

modelSuite('memory', openMemory, { runs: 100 });
modelSuite('memory with a short history', openMemory, { runs: 60, historyCount: 3 });
modelSuite('memory with workers that crash again and again', openMemory, { runs: 40, commands: crashingSequence });
compareSuite('memory, and memory with every exchange repeated', openMemory, repeatingExchanges(openMemory), {
  runs: 40,
  historyCount: 10,
});
