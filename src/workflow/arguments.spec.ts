import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseArguments, parseFolderArguments, UsageError } from './arguments.js';

describe('parseArguments', () => {
  it('requires only a file', () => {
    expect(parseArguments(['trace.json'])).toEqual({
      file: 'trace.json',
      store: 'memory',
      speed: null,
      concurrency: 16,
      json: null,
    });
  });

  it('accepts options before and after the file', () => {
    const argv = ['--speed', '2.5', 'trace.json', '--concurrency=4', '--json', 'out.json', '--store', 'redis'];
    expect(parseArguments(argv)).toEqual({
      file: 'trace.json',
      store: 'redis',
      speed: 2.5,
      concurrency: 4,
      json: 'out.json',
    });
  });

  it('supports --help', () => {
    expect(parseArguments(['--help'])).toBe('help');
  });

  it.each([
    [[]],
    [['a.json', 'b.json']],
    [['a.json', '--speed', '0']],
    [['a.json', '--speed', 'fast']],
    [['a.json', '--speed=-1']],
    [['a.json', '--speed=Infinity']],
    [['a.json', '--speed=']],
    [['a.json', '--concurrency', '0']],
    [['a.json', '--concurrency', '1.5']],
    [['a.json', '--concurrency', '10001']],
    [['a.json', '--store', 'sqlite']],
    [['a.json', '--store', '']],
    [['a.json', '--unknown']],
    [['a.json', '--json']],
  ])('refuses %j', (argv) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
  });
});

describe('parseFolderArguments', () => {
  it('requires nothing', () => {
    expect(parseFolderArguments([])).toEqual({ folder: resolve('../shared/workflows'), store: 'memory' });
  });

  it('accepts a folder and a store', () => {
    expect(parseFolderArguments(['--store', 'embedded', '/traces'])).toEqual({ folder: '/traces', store: 'embedded' });
  });

  it('supports --help', () => {
    expect(parseFolderArguments(['-h'])).toBe('help');
  });

  it.each([[['a', 'b']], [['--store', 'sqlite']], [['--speed', '2']]])('refuses %j', (argv) => {
    expect(() => parseFolderArguments(argv)).toThrow(UsageError);
  });
});
