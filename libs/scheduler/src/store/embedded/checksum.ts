import { crc32 } from 'node:zlib';

/** The checksum over the texts of a row. */
export function checksum(...texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => (text === null ? sum + 1 : crc32(text, sum)) >>> 0, 0);
}
