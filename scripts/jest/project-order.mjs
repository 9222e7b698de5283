import { relative } from 'node:path';
import TestSequencer from '@jest/test-sequencer';
import { LONG_SUITES, PROJECT_ORDER } from '../../jest.config.mjs';

/**
 * The unit tests first, since they fail first; then the long suites, the longest first, so that none of them runs alone at
 * the end; then the others by project, and within a project as jest orders them: what failed last time, then the longest.
 */
export default class ProjectOrder extends TestSequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ path, context }) {
  const { displayName, rootDir } = context.config;
  const long = LONG_SUITES.indexOf(relative(rootDir, path).replaceAll('\\', '/'));
  if (long >= 0) return 1 + long / LONG_SUITES.length;
  const project = PROJECT_ORDER.indexOf(displayName.name);
  return project === 0 ? 0 : 1 + project;
}
