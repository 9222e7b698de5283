import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../config/config-error.js';
import { DataDirectory } from './data-directory.js';
import { MailGateway, MailGatewayBusyError } from './mail-gateway.js';
import { Outbox } from './outbox.js';

const mail = (to: string) => ({ to, subject: 'Call', body: 'line 1\nline "2"' });
let root: string;
let directory: DataDirectory;
let outbox: Outbox;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'residency-'));
  directory = new DataDirectory(join(root, 'data'));
  await directory.onModuleInit();
  outbox = new Outbox(directory);
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('DataDirectory', () => {
  it('creates the directory and leaves nothing in it', async () => {
    expect(await readdir(join(root, 'data'))).toEqual([]);
  });

  it('names DATA_DIR if no directory can be there', async () => {
    await writeFile(join(root, 'file'), '');
    const error = await new DataDirectory(join(root, 'file', 'data')).onModuleInit().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toMatch(/^DATA_DIR: ".*" \(ENOTDIR\) is not allowed/);
  });

  it('creates its parent directories, and fails if the file system refuses it', async () => {
    const deep = new DataDirectory(join(root, 'a', 'b', 'c'));
    await deep.onModuleInit();
    expect(await readdir(join(root, 'a', 'b', 'c'))).toEqual([]);
    await expect(new DataDirectory('/proc/residency').onModuleInit()).rejects.toThrow(ConfigError);
  });

  it('replaces a file atomically under concurrent writes, and leaves no draft', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(texts.map((text) => directory.replace('a/b.txt', text)));
    expect(texts).toContain(await readFile(join(root, 'data/a/b.txt'), 'utf8'));
    expect(await readdir(join(root, 'data/a'))).toEqual(['b.txt']);
  });

  it('returns null if there is no file', async () => {
    expect(await directory.read('none')).toBeNull();
  });
});

describe('Outbox', () => {
  it('accepts a batch of a key once, under concurrent posts', async () => {
    const batches = Array.from({ length: 10 }, (_, i) => [mail(`${i}a`), mail(`${i}b`)]);
    const taken = await Promise.all(batches.map((batch) => outbox.post('run-1', batch)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await outbox.read('run-1')).toEqual(batches[taken.indexOf(true)]);
    expect(await readdir(join(root, 'data/outbox'))).toEqual(['run-1.jsonl']);
  });

  it('keeps batches of different keys', async () => {
    await outbox.post('run-1', [mail('a')]);
    await outbox.post('run-2', [mail('b')]);
    expect(await outbox.read('run-1')).toEqual([mail('a')]);
    expect(await outbox.read('run-2')).toEqual([mail('b')]);
    expect(await outbox.read('run-3')).toBeNull();
  });
});

describe('MailGateway', () => {
  it('refuses each batch as often as configured, and sends nothing until it accepts it', async () => {
    const gateway = new MailGateway(outbox, 2);
    for (let i = 0; i < 2; i++) {
      await expect(gateway.send('run-1', [mail('a')])).rejects.toThrow(MailGatewayBusyError);
      expect(await outbox.read('run-1')).toBeNull();
    }
    expect(await gateway.send('run-1', [mail('a')])).toBe(true);
    await expect(gateway.send('run-2', [mail('a')])).rejects.toThrow(MailGatewayBusyError);
    expect(await outbox.read('run-1')).toEqual([mail('a')]);
  });

  it('sends no batch twice, also after a restart', async () => {
    await new MailGateway(outbox, 0).send('run-1', [mail('a')]);
    expect(await new MailGateway(outbox, 0).send('run-1', [mail('b')])).toBe(false);
    expect(await outbox.read('run-1')).toEqual([mail('a')]);
  });
});
