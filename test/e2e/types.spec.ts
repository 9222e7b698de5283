import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';

const folder = resolve('test/types');

/** Diagnostics of the compiler for the folder, one line each; `edit` changes a file's text before. */
function check(edit: (text: string) => string = (text) => text): string[] {
  const path = resolve(folder, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => readFileSync(file, 'utf8'));
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) =>
    fileNames.includes(name) && !name.endsWith('expect-type.ts')
      ? ts.createSourceFile(name, edit(readFileSync(name, 'utf8')), rest[0])
      : getSourceFile(name, ...rest);
  const program = ts.createProgram(fileNames, options, host);
  // Of these files alone: the library's own are checked with the rest of the project.
  return fileNames.flatMap((name) => {
    const file = program.getSourceFile(name)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start }) => {
        const { line } = file.getLineAndCharacterOfPosition(start ?? 0);
        return `${name.slice(folder.length + 1)}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
}

describe('public types', () => {
  it('accept what is right and refuse what is wrong', () => {
    expect(check()).toEqual([]);
  }, 60_000);

  it('are checked: each refusal is one of the compiler', () => {
    const expected = ['task-ref.ts', 'parts.ts'].reduce((sum, name) => {
      const text = readFileSync(resolve(folder, name), 'utf8');
      return sum + text.split('// @ts-expect-error').length - 1;
    }, 0);
    const places = new Set(
      check((text) => text.replaceAll('// @ts-expect-error', '// refused:')).map((each) => each.split(' ')[0]),
    );
    expect(expected).toBeGreaterThan(25);
    expect(places.size).toBe(expected);
  }, 60_000);
});
