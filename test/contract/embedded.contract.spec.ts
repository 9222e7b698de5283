import { openEmbedded } from '../support/open-embedded.js';
import { storeContract } from './store-contract.js';

storeContract('embedded', openEmbedded());
