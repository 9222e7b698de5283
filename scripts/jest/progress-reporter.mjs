/** Tells scripts/test.mjs which suites run and when all have ended; silent under a bare jest. */
export default class ProgressReporter {
  onTestFileStart({ path }) {
    process.send?.({ started: path });
  }

  onTestCaseResult() {
    process.send?.({});
  }

  onTestFileResult({ path }) {
    process.send?.({ ended: path });
  }

  onRunComplete() {
    process.send?.({ complete: true });
  }
}
