import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { listFiles } from './packed-app.js';
import { run } from './run-program.js';

const ATTW = resolve('node_modules/@arethetypeswrong/cli/dist/index.js');

/** What publint finds in an unpacked package. */
export async function publintProblems(pkgDir: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true });
  return messages.flatMap((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

/**
 * What attw finds in a tarball, resolved as node10, node16 (from CommonJS and from ES modules) and bundlers do.
 * @throws Error if it finds more than modules that are ES modules to `require`, which Node 20.19 can load
 */
export async function typeProblems(tarball: string): Promise<string[]> {
  const args = [ATTW, tarball, '--format', 'json', '--ignore-rules', 'cjs-resolves-to-esm'];
  const { stdout } = await run(process.execPath, args, process.cwd());
  const { problems } = (JSON.parse(stdout) as { analysis: { problems: Record<string, string>[] } }).analysis;
  return problems.map(({ kind, entrypoint, resolutionKind }) => `${kind} of ${entrypoint} by ${resolutionKind}`).sort();
}

/** Modules of an unpacked package whose source map is missing, refers to a file, or has no source. */
export async function mapsWithoutSources(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const file of await listFiles(folder)) {
    if (!/^dist\/.*\.js$/.test(file)) continue;
    const map = join(folder, `${file}.map`);
    const { sourcesContent = [null] } = existsSync(map)
      ? (JSON.parse(await readFile(map, 'utf8')) as { sourcesContent?: (string | null)[] })
      : {};
    const refers = /^\/\/# sourceMappingURL=(.*)$/m.exec(await readFile(join(folder, file), 'utf8'))?.[1];
    if (sourcesContent.includes(null) || refers !== `${file}.map`.split('/').at(-1)) found.push(file);
  }
  return found.sort();
}
