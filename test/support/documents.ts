import { readdirSync, readFileSync } from 'node:fs';
import { filesUnder } from './source-files.js';

/** A block of TypeScript in a document. */
export interface Snippet {
  document: string;
  /** Of its first line of code, from 1. */
  line: number;
  code: string;
  /** Marked by the comment `<!-- run -->` in the line before it, or the one before that. */
  runs: boolean;
}

/** What is written for people, as paths from the repository. */
export function documents(): string[] {
  const atRoot = readdirSync('.').filter((name) => name.endsWith('.md'));
  return [...atRoot, ...['docs', 'libs', 'src'].flatMap((folder) => filesUnder(folder, '.md'))];
}

/** The TypeScript of all documents, but for blocks marked `<!-- no-check -->`. */
export function snippets(): Snippet[] {
  return documents().flatMap((document) => {
    const text = readFileSync(document, 'utf8');
    const blocks = text.matchAll(/(?:^<!-- (?<mark>run|no-check) -->\n\n?)?^```ts\n(?<code>[^]*?)^```$/gm);
    return [...blocks].flatMap((block) => {
      const { mark, code } = block.groups as { mark?: string; code: string };
      const line = text.slice(0, block.index + block[0].indexOf(code)).split('\n').length;
      return mark === 'no-check' ? [] : [{ document, line, code, runs: mark === 'run' }];
    });
  });
}
