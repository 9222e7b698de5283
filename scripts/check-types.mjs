/**
 * `node scripts/check-types.mjs`: what `tsc` and `eslint` report for the whole repository, with the same programs: each of them
 * alone would parse and check every file. With paths, ESLint lints only those.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const UI = 'libs/scheduler-console/ui';

const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail };
const pages = program(UI);
const others = program('.');
const diagnostics = [others, pages].flatMap((each) => ts.getPreEmitDiagnostics(each));
if (diagnostics.length > 0) {
  process.stderr.write(textOf(diagnostics));
  process.exitCode = 1;
}

const eslint = new ESLint({
  cwd: ROOT,
  overrideConfig: [withTypesOf(others), { files: [`${UI}/**`], ...withTypesOf(pages) }],
});
const results = await eslint.lintFiles(process.argv.length > 2 ? process.argv.slice(2) : '.');
process.stdout.write(await (await eslint.loadFormatter('stylish')).format(results));
if (results.some(({ errorCount, warningCount }) => errorCount + warningCount > 0)) process.exitCode = 1;

function program(folder) {
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, folder, 'tsconfig.json'), {}, host);
  const { fileNames, options, errors } = config;
  return ts.createProgram({
    rootNames: fileNames,
    options,
    configFileParsingDiagnostics: errors,
    // ESLint goes from a node to its parent.
    host: ts.createCompilerHost(options, true),
  });
}

function withTypesOf(each) {
  return { languageOptions: { parserOptions: { projectService: false, programs: [each], loggerFn: false } } };
}

function fail(diagnostic) {
  throw new Error(textOf([diagnostic]));
}

function textOf(diagnostics) {
  return ts.formatDiagnosticsWithColorAndContext(diagnostics, {
    getCurrentDirectory: () => ROOT,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  });
}
