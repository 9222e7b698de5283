/** Polls until the condition holds, with a short pause that leaves the processor to the polled processes and other suites. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}
