import { crc32 } from 'node:zlib';

/** Over the texts of a row: whatever changes one of them on disk does not change this too. */
export function checksum(...texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => (text === null ? sum + 1 : crc32(text, sum)) >>> 0, 0);
}
