const MAX_LENGTH = 128;
const VALID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * Maps each task id to a unique name that the scheduler allows (1 to 128 of A-Z a-z 0-9 . _ : -): the id itself if it
 * is valid, otherwise its allowed characters and a number.
 * @param ids distinct
 */
export function refsOf(ids: readonly string[]): Map<string, string> {
  // Valid ids keep their names, whatever precedes them in the file.
  const taken = new Set(ids.filter((id) => VALID.test(id)));
  const refs = new Map<string, string>();
  for (const id of ids) {
    if (VALID.test(id)) {
      refs.set(id, id);
      continue;
    }
    const stem = id.replace(/[^A-Za-z0-9._:-]/g, '_');
    let number = 1;
    let ref: string;
    do {
      const suffix = `:${number++}`;
      ref = stem.slice(0, MAX_LENGTH - suffix.length) + suffix;
    } while (taken.has(ref));
    taken.add(ref);
    refs.set(id, ref);
  }
  return refs;
}
