import type { TraceTask } from './trace.js';
import { dig, readSeconds, readText, readTexts, type Fail } from './wf-document.js';

/** The key of a task's recorded time: since schema 1.4, and before. */
const RUNTIME_KEYS = ['runtimeInSeconds', 'runtime'] as const;

/**
 * Reads the tasks of a document of schema 1.0 to 1.4: one list with graph and times. Tasks refer to each other by name
 * or by id, and either end of an edge may name it. A task without a recorded time takes none: 1.3 and 1.4 do not
 * require it. Source: the schemas of these versions, and the migration tool of WfFormat.
 * @param where path of the list in the document
 */
export function readTaskList(listed: readonly unknown[], where: string, fail: Fail): TraceTask[] {
  if (listed.length === 0) fail(`${where} is empty`);
  const names = listed.map((entry, index) => readText(entry, 'name', `${where}[${index}]`, fail));
  const ids = idsOf(listed, names, where, fail);
  const resolve = resolver(listed, names, ids, fail);
  const parents = ids.map(() => new Set<string>());
  const position = new Map(ids.map((id, index) => [id, index]));
  listed.forEach((entry, index) => {
    for (const parent of readTexts(entry, 'parents', ids[index]!, fail)) {
      parents[index]!.add(resolve(parent, ids[index]!, 'parent'));
    }
    for (const child of readTexts(entry, 'children', ids[index]!, fail)) {
      parents[position.get(resolve(child, ids[index]!, 'child'))!]!.add(ids[index]!);
    }
  });
  return listed.map((entry, index) => ({
    id: ids[index]!,
    name: names[index]!,
    runtimeSeconds: readRuntime(entry, ids[index]!, fail),
    parents: [...parents[index]!],
  }));
}

/** The names if they are unique, otherwise the ids. */
function idsOf(listed: readonly unknown[], names: readonly string[], where: string, fail: Fail): readonly string[] {
  if (new Set(names).size === names.length) return names;
  const seen = new Set<string>();
  return listed.map((entry, index) => {
    const id = dig(entry, 'id');
    if (typeof id !== 'string' || id === '') {
      return fail(`${where}[${index}]: several tasks have the same name, so id must be non-empty text`);
    }
    if (seen.has(id)) fail(`task "${id}" is listed twice in ${where}`);
    seen.add(id);
    return id;
  });
}

type Resolve = (reference: string, task: string, kind: 'parent' | 'child') => string;

/** Finds the task that a name or an id refers to; an ambiguous name refers to none. */
function resolver(listed: readonly unknown[], names: readonly string[], ids: readonly string[], fail: Fail): Resolve {
  const targets = new Map<string, string | null>();
  const refer = (reference: unknown, id: string): void => {
    if (typeof reference !== 'string') return;
    const known = targets.get(reference);
    targets.set(reference, known === undefined || known === id ? id : null);
  };
  ids.forEach((id, index) => {
    refer(id, id);
    refer(names[index], id);
    refer(dig(listed[index], 'id'), id);
  });
  return (reference, task, kind) => {
    const target = targets.get(reference);
    if (target === undefined) return fail(`task "${task}" has an unknown ${kind} "${reference}"`);
    return target ?? fail(`task "${task}" has a ${kind} "${reference}", but several tasks have this name`);
  };
}

function readRuntime(entry: unknown, id: string, fail: Fail): number {
  const key = RUNTIME_KEYS.find((one) => dig(entry, one) !== undefined);
  return key === undefined ? 0 : readSeconds(dig(entry, key), key, id, fail);
}
