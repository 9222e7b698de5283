import { expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { VERBS } from '../../libs/scheduler/src/core/state-machine.js';
import { TaskStatus } from '../../libs/scheduler/src/core/status.js';
import { withGenerated } from '../support/render-state-machine.js';

const FILE = new URL('../../docs/state-machine.md', import.meta.url);

it('docs/state-machine.md shows the transitions of the code (UPDATE_DOCS=1 writes them anew)', () => {
  const document = readFileSync(FILE, 'utf8');
  const rendered = withGenerated(document);
  if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, rendered);
  else expect(document).toBe(rendered);
});

it('docs/state-machine.md describes every verb and every state, and no other', () => {
  const document = readFileSync(FILE, 'utf8');
  expect([...document.matchAll(/^### (.+)$/gm)].map(([, verb]) => verb)).toEqual(VERBS);
  const states = [...document.matchAll(/^\| `([A-Z]+)`/gm)].map(([, state]) => state);
  expect(states.sort()).toEqual(Object.values(TaskStatus).sort());
});
