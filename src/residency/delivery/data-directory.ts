import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, showValue } from '../../config/config-error.js';

/** The path of the data directory. */
export const DATA_DIR = Symbol('DATA_DIR');

/** The service's files. A file is complete or absent, whenever the process dies. */
@Injectable()
export class DataDirectory implements OnModuleInit {
  constructor(@Inject(DATA_DIR) readonly root: string) {}

  /** @throws ConfigError if the directory cannot be made or written to */
  async onModuleInit(): Promise<void> {
    const probe = join(this.root, `.probe-${randomUUID()}`);
    try {
      await makeDirectory(this.root);
      await writeFile(probe, '');
      await rm(probe);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      throw new ConfigError(
        'DATA_DIR',
        `${showValue('DATA_DIR', this.root)} (${code})`,
        'a directory that can be written to',
      );
    }
  }

  /** Replaces or creates a file. Returns its path. */
  async replace(name: string, text: string): Promise<string> {
    const path = join(this.root, name);
    const draft = await this.draft(path, text);
    await rename(draft, path);
    return path;
  }

  /** Creates a file unless it exists; of several callers, one succeeds. Returns whether this one did. */
  async createOnce(name: string, text: string): Promise<boolean> {
    const path = join(this.root, name);
    const draft = await this.draft(path, text);
    try {
      await link(draft, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** The text of a file, or null if there is none. */
  async read(name: string): Promise<string | null> {
    try {
      return await readFile(join(this.root, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  private async draft(path: string, text: string): Promise<string> {
    await makeDirectory(dirname(path));
    const draft = `${path}.${randomUUID()}.draft`;
    await writeFile(draft, text, { flush: true, mode: 0o600 });
    return draft;
  }
}

/**
 * Creates a directory and its parents, for the owner only. (The `recursive` of mkdir never returns on a file system
 * that refuses, such as /proc.)
 */
async function makeDirectory(path: string, parents = true): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || !parents || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await makeDirectory(path, false);
  }
}
