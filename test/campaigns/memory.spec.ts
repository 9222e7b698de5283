import { ALWAYS, delays, exclusion } from './fixtures/checkers.js';
import { LIBFAKETIME } from '../support/libfaketime.js';
import { blockLoop, cancelStorm, freezeProcess, stepClock } from './fixtures/process-faults.js';
import { processSuite } from './fixtures/process-suite.js';

// A clock that is set forward makes delayed work due.
const rules = [...ALWAYS, exclusion].filter((rule) => rule !== delays);
const faults = [blockLoop, cancelStorm, freezeProcess, ...(LIBFAKETIME === undefined ? [] : [stepClock])];
processSuite(
  'memory',
  'whose process stands still and whose clock is set',
  { store: () => ({ type: 'memory' }) },
  faults,
  {
    checkers: rules,
  },
);
