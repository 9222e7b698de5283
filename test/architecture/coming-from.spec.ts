import { describe, expect, it } from '@jest/globals';
import { CronExpression } from '@nestjs/schedule';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { previewCron } from 'nestjs-advanced-scheduler';
import ts from 'typescript';
import { filesUnder } from '../support/source-files.js';

const FOLDER = 'docs/coming-from';
const pages = filesUnder(FOLDER, '.md');

interface Row {
  page: string;
  theirs: string;
  ours: string;
  tests: string[];
}

const rows: Row[] = pages.flatMap((page) =>
  readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (Theirs|-)/.test(line))
    .map((line) => {
      const [, theirs, ours, shownBy] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return { page, theirs: theirs!, ours: ours!, tests: [...shownBy!.matchAll(/\]\(([^)]+)\)/g)].map((m) => m[1]!) };
    }),
);

describe('the pages for users of another library', () => {
  it('name an existing test for each feature, or mark it as missing', () => {
    expect(pages).toHaveLength(4);
    expect(rows.length).toBeGreaterThan(100);
    const wrong = rows.filter(({ ours, tests }) => {
      const isAbsent = /^(\*\*not yet\*\*|not needed: )/.test(ours);
      return tests.length === 0 ? !isAbsent : !tests.every((test) => existsSync(join(FOLDER, test)));
    });
    expect(wrong).toEqual([]);
    expect(rows.flatMap(({ tests }) => tests).filter((test) => !/\.(spec|contract)\.ts$/.test(test))).toEqual([]);
  });

  it('are preceded by a comparison that names existing tests in each row', () => {
    const [table] = /^\| .*Shown by[^]*?(?=^\n)/m.exec(readFileSync('docs/guide/comparison.md', 'utf8')) ?? [];
    const tests = table!
      .trim()
      .split('\n')
      .slice(2)
      .map((row) => [...row.matchAll(/\]\(([^)]+)\)/g)].map((m) => join('docs/guide', m[1]!)));
    expect(tests.length).toBeGreaterThan(5);
    expect(tests.filter((each) => each.length === 0)).toEqual([]);
    expect(tests.flat().filter((test) => !existsSync(test) || !/\.(spec|contract)\.ts$/.test(test))).toEqual([]);
  });

  it.each([
    ['bullmq', 'bullmq', ['JobsOptions', 'WorkerOptions', 'RepeatOptions', 'DeduplicationOptions', 'BackoffOptions']],
    ['nestjs-schedule', '@nestjs/schedule', ['CronOptions', 'ScheduleModuleOptions']],
  ])('%s omits no option', (page, name, types) => {
    const text = readFileSync(join(FOLDER, `${page}.md`), 'utf8');
    const options = types.flatMap((type) => optionsOf(name, type));
    expect(options.length).toBeGreaterThan(8);
    expect(options.filter((option) => !new RegExp(`\\b${option}\\b`).test(text))).toEqual([]);
  });

  it('are right that each CronExpression of @nestjs/schedule is a valid expression here', () => {
    const expressions = Object.values(CronExpression);
    expect(expressions.length).toBeGreaterThan(50);
    const from = new Date('2026-01-01T00:00:00Z');
    for (const expression of expressions) expect(previewCron(expression, { count: 1, from })).toHaveLength(1);
  });
});

/** The properties of a type that a package exports. */
function optionsOf(name: string, type: string): string[] {
  const importer = join(process.cwd(), 'package.json');
  const options: ts.CompilerOptions = { module: ts.ModuleKind.NodeNext, types: [] };
  const { resolvedModule } = ts.resolveModuleName(name, importer, options, ts.sys);
  const program = ts.createProgram([resolvedModule!.resolvedFileName], { ...options, skipLibCheck: true });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(resolvedModule!.resolvedFileName)!)!;
  let symbol = checker.getExportsOfModule(module).find((each) => each.name === type)!;
  if (symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).map((property) => property.name);
}
