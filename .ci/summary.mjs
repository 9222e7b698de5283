/** node summary.mjs JEST_JSON FAILED_STEPS: prints the closing line; fails unless all is well. */
import { readFileSync } from 'node:fs';

const [file, steps] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const result = text === '' ? null : JSON.parse(text);
const passed = result?.numPassedTests ?? 0;
const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
// A suite that could not run, or that leaked, fails without a failed test. A step is one failure, the test step only
// where jest itself has none to show.
const inTests = (result?.numFailedTests ?? 0) + (result?.numRuntimeErrorTestSuites ?? 0);
const failed = inTests + Math.max(0, Number(steps) - (inTests > 0 ? 1 : 0));

console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
