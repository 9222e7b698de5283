import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { documents, snippets, type Snippet } from '../support/documents.js';
import { run } from '../support/run-program.js';

const COMPILER_OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  strict: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
};

const all = snippets();
const placeOf = ({ document, line }: Snippet): string => `${document}:${line}`;

/** The snippets are in a separate app, with the built library as npm would install it; all other packages are of this repository. */
describe('TypeScript in the documents', () => {
  const work = realpathSync(mkdtempSync(join(tmpdir(), 'snippets-')));
  const app = join(work, 'app');
  const fileOf = ({ document, line }: Snippet): string =>
    join(app, `${document.replaceAll('/', '_')}-${String(line)}.ts`);

  beforeAll(async () => {
    const library = join(app, 'node_modules/nestjs-advanced-scheduler');
    mkdirSync(library, { recursive: true });
    symlinkSync(resolve('node_modules'), join(work, 'node_modules'), 'junction');
    writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
    // As many empty lines before it as in the document, so that errors name the document's line.
    for (const snippet of all) writeFileSync(fileOf(snippet), '\n'.repeat(snippet.line - 1) + snippet.code);
    await copyFile('libs/scheduler/package.json', join(library, 'package.json'));
    // Types of the libraries themselves are checked elsewhere.
    const compile = (...args: string[]) =>
      run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '--noCheck', ...args], process.cwd());
    await compile('-p', 'libs/scheduler/tsconfig.lib.json', '--outDir', join(library, 'dist'));
    // Of the console only what it declares is needed, and it is found by its package name.
    const console = join(app, 'node_modules/nestjs-advanced-scheduler-console');
    mkdirSync(console, { recursive: true });
    await copyFile('libs/scheduler-console/package.json', join(console, 'package.json'));
    const paths = join(work, 'console.json');
    writeFileSync(
      paths,
      JSON.stringify({
        extends: resolve('libs/scheduler-console/tsconfig.lib.json'),
        compilerOptions: {
          rootDir: resolve('libs/scheduler-console/src'),
          outDir: join(console, 'dist'),
          typeRoots: [resolve('node_modules/@types')],
          paths: { 'nestjs-advanced-scheduler': [join(library, 'dist/index.d.ts')] },
        },
        include: [resolve('libs/scheduler-console/src')],
      }),
    );
    await compile('-p', paths);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it('is found', () => {
    expect(documents()).toEqual(expect.arrayContaining(['README.md', 'libs/scheduler/README.md']));
    expect(all.filter(({ runs }) => runs).map(({ document }) => document)).toEqual(
      expect.arrayContaining(['README.md', 'libs/scheduler/README.md']),
    );
  });

  it('compiles under strict', () => {
    const program = ts.createProgram(all.map(fileOf), {
      ...COMPILER_OPTIONS,
      typeRoots: [resolve('node_modules/@types')],
    });
    const { diagnostics } = program.emit();
    const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ file, start, messageText }) => {
      const at = file ? `${file.fileName.slice(app.length + 1)} line ${lineOf(file, start ?? 0)}: ` : '';
      return at + ts.flattenDiagnosticMessageText(messageText, '\n');
    });
    expect(problems).toEqual([]);
  });

  it.each(all.filter(({ runs }) => runs).map((snippet) => ({ place: placeOf(snippet), snippet })))(
    '$place runs, prints what its comments say, and exits',
    async ({ snippet }) => {
      const { stdout } = await run(process.execPath, [fileOf(snippet).replace(/\.ts$/, '.js')], app, 30_000);
      let rest = stdout;
      for (const said of printed(snippet.code)) {
        expect(rest).toContain(said);
        rest = rest.slice(rest.indexOf(said) + said.length);
      }
    },
  );
});

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

/** The expected output in the comments after `console.log(…);`, in order; text after a semicolon is a remark. */
function printed(code: string): string[] {
  return [...code.matchAll(/^\s*console\.log\(.*\); \/\/ ([^;\n]+)/gm)].map(([, text]) => text!);
}
