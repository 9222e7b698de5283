import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { temporaryFolder } from './open-embedded.js';

/** Makes a folder a disk of its own. @param size as `8m` */
export function mountDisk(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
}

/** Lazily: the driver lets go of a file when its statements are collected. */
export function unmountDisk(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
}

/** Whether this user may mount a small disk. */
export const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && canMount();

function canMount(): boolean {
  const folder = temporaryFolder();
  try {
    mountDisk(folder.path('.'), '1m');
    unmountDisk(folder.path('.'));
    return true;
  } catch {
    return false;
  } finally {
    folder.remove();
  }
}

/** Takes all the room that is left on the disk of this file. */
export function takeAll(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (let size = 1 << 20; size >= 512;)
      try {
        writeSync(file, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size /= 2;
      }
  } finally {
    closeSync(file);
  }
}
