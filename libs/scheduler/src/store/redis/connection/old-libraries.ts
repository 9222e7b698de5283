import type { Redis } from 'ioredis';
import { isCluster, type Client } from './open-client.js';

const PATTERN = 'scheduler_*';
const NAME = /^scheduler_([0-9a-f]{16})$/;

/** A library without a call for this long belongs to a release that no longer runs, s. */
const UNUSED_S = 86_400;

/**
 * Deletes libraries of other releases that had no call from any namespace or database for a day: each library counts its
 * calls, see `REGISTER` in lua-scripts.ts. A process that still needs one loads it again.
 * @param own the name of the library of this release
 * @returns the names of the deleted libraries
 */
export async function deleteOldLibraries(client: Client, own: string, unused = UNUSED_S): Promise<string[]> {
  const deleted: string[] = [];
  for (const node of isCluster(client) ? client.nodes('master') : [client])
    for (const name of await libraries(node)) {
      const release = NAME.exec(name)?.[1];
      if (release === undefined || name === own) continue;
      const idle = await node.call('FCALL', `${release}_idle`, '0');
      if (Number(idle) < unused) continue;
      await node.call('FUNCTION', 'DELETE', name);
      deleted.push(name);
    }
  return deleted;
}

async function libraries(node: Redis): Promise<string[]> {
  const found = (await node.call('FUNCTION', 'LIST', 'LIBRARYNAME', PATTERN)) as unknown[][];
  // Each is a list of names and values.
  return found.map((library) => String(library[library.indexOf('library_name') + 1]));
}
