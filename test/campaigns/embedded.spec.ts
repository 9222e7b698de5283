import { execFileSync } from 'node:child_process';
import { mayMount } from '../support/small-disk.js';
import { ALWAYS, delays, exclusion } from './fixtures/checkers.js';
import { damagedCopies } from './fixtures/damaged-copies.js';
import { failingDisk, fullDisk, onFile, secondProcess } from './fixtures/file-faults.js';
import { LIBFAKETIME } from '../support/libfaketime.js';
import {
  freezeProcess,
  killProcess,
  stepClock,
  stepClockAcrossRestart,
  stopProcess,
} from './fixtures/process-faults.js';
import { processSuite } from './fixtures/process-suite.js';

const rules = [...ALWAYS, exclusion];
const faults = [
  ...[killProcess, stopProcess, freezeProcess, secondProcess, damagedCopies],
  ...(mayMount ? [fullDisk] : []),
  ...(hasCompiler() ? [failingDisk] : []),
];
processSuite('embedded', 'whose process is killed and whose disk fails', onFile, faults, { checkers: rules });

// A clock that is set forward makes delayed work due.
if (LIBFAKETIME !== undefined)
  processSuite('embedded-clock', 'whose clock is set', onFile, [stepClock, stepClockAcrossRestart, killProcess], {
    checkers: rules.filter((rule) => rule !== delays),
  });

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'pipe' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
}
