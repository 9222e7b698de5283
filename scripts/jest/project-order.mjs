import TestSequencer from '@jest/test-sequencer';
import { PROJECT_ORDER } from '../../jest.config.mjs';

/** By project, and within a project as jest would have it: what failed last time, then the longest. */
export default class ProjectOrder extends TestSequencer {
  sort(tests) {
    const place = ({ context }) => PROJECT_ORDER.indexOf(context.config.displayName.name);
    return super.sort(tests).sort((a, b) => place(a) - place(b));
  }
}
