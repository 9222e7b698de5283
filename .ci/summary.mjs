/** node summary.mjs JEST_JSON FAILED_STEPS: prints the closing line; fails unless all is well. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const MESSAGE_LINES = 25;
const MESSAGE_LENGTH = 2_000;

/** What failed once more, in short: a long log may be shown without its middle. */
function* failures(suites) {
  for (const { name, message, assertionResults } of suites) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const all = failed.map(({ fullName, failureMessages }) => [fullName, failureMessages.join('\n')]);
    // A suite that could not run.
    if (failed.length === 0) all.push(['', message]);
    for (const [test, text] of all) {
      const lines = stripVTControlCharacters(text).slice(0, MESSAGE_LENGTH).split('\n');
      const shown = lines.filter((line) => !/^ +at .*node_modules/.test(line)).slice(0, MESSAGE_LINES);
      yield `\n== FAILED: ${relative('', name)} ${test}\n${shown.join('\n')}`;
    }
  }
}

const [file, steps] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const result = text === '' ? null : JSON.parse(text);
const passed = result?.numPassedTests ?? 0;
const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
// A suite that could not run, or that leaked, fails without a failed test. A step is one failure, the test step only
// where jest itself has none to show.
const inTests = (result?.numFailedTests ?? 0) + (result?.numRuntimeErrorTestSuites ?? 0);
const failed = inTests + Math.max(0, Number(steps) - (inTests > 0 ? 1 : 0));

const broken = (result?.testResults ?? []).filter(({ status }) => status === 'failed');
for (const failure of failures(broken)) console.log(failure);
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
