/** Prefixes that only variables of this service have. Others, such as LOG_ and DATA_, are common to many programs. */
const OWN_PREFIX = /^(CONSOLE|STORE|REDIS|NIGHTLY|SHUTDOWN|HISTORY)_/;

/** A name that the service does not read, and the known one that is probably meant. */
export interface UnknownName {
  name: string;
  nearest: string;
}

/**
 * Finds the names in `.env` that the service does not read although they are probably meant for it: names with one of its
 * prefixes, and names that differ from a known one by at most one character in six. Others, such as NODE_ENV, pass.
 */
export function unknownNames(names: readonly string[], known: readonly string[]): UnknownName[] {
  return names.flatMap((name) => {
    if (known.includes(name)) return [];
    const upper = name.toUpperCase();
    const [prefix] = OWN_PREFIX.exec(upper) ?? [];
    const [nearest, distance] = known
      .filter((each) => prefix === undefined || each.startsWith(prefix))
      .map((each) => [each, editDistance(upper, each)] as const)
      .reduce((best, each) => (each[1] < best[1] ? each : best));
    const isMistake = distance <= Math.max(1, Math.floor(nearest.length / 6));
    return isMistake || prefix !== undefined ? [{ name, nearest }] : [];
  });
}

/** How many characters are missing, added, wrong, or exchanged with the next one. */
function editDistance(from: string, to: string): number {
  let [beforeLast, last]: number[][] = [[], Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      row[j] = Math.min(last![j]! + 1, row[j - 1]! + 1, last![j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        row[j] = Math.min(row[j]!, beforeLast![j - 2]! + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last!.at(-1)!;
}
