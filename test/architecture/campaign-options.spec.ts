import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

function refusal(...args: string[]): string {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/campaign.mjs', ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  return stderr;
}

describe('npm run campaign', () => {
  it('lists the campaigns if none is named', () => {
    expect(refusal()).toMatch(/^name one campaign: blocked, .*workers, or all\n$/);
    expect(refusal('nothing')).toMatch(/^name one campaign: /);
  });

  it.each([
    [['network', '--size', 'big'], '--size is big: small, medium, full\n'],
    [['network', '--size', 'toString'], '--size is toString: small, medium, full\n'],
    [['network', '--seed', 'x'], '--seed is x: a whole number\n'],
    [['network', '--seconds=-1'], '--seconds is -1: a whole number\n'],
    [['network', '--sizes', '1'], /^Unknown option '--sizes'/],
  ])('refuses %j', (args, expected) => {
    expect(refusal(...args)).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });
});
