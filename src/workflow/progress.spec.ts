import { describe, expect, it } from '@jest/globals';
import { createProgress } from './progress.js';

function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  const stream = { isTTY, columns: 80, write, cursorTo: write, moveCursor: write, clearLine: write, on: () => stream };
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

describe('createProgress', () => {
  it('writes a line at each tenth without a terminal', () => {
    const { stream, written } = fakeStream(false);
    const progress = createProgress(40, stream);
    for (let done = 1; done <= 40; done++) progress.update(done);
    progress.stop();
    expect(written).toHaveLength(10);
    expect(written[0]).toBe('  4/40 tasks\n');
    expect(written.at(-1)).toBe('  40/40 tasks\n');
  });

  it('writes one line for a task that passes several tenths', () => {
    const { stream, written } = fakeStream(false);
    const progress = createProgress(3, stream);
    for (const done of [1, 2, 3]) progress.update(done);
    expect(written).toEqual(['  1/3 tasks\n', '  2/3 tasks\n', '  3/3 tasks\n']);
  });

  it('draws a bar on a terminal', () => {
    const { stream, written } = fakeStream(true);
    const progress = createProgress(4, stream);
    progress.update(4);
    progress.stop();
    expect(written.join('')).toContain('100% | 4/4 tasks');
  });
});
