import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, unknown>;
}
interface Workflow {
  name: string;
  permissions: Record<string, string>;
  jobs: Record<
    string,
    { steps: Step[]; permissions?: Record<string, string>; strategy?: { matrix: { node: number[] } } }
  >;
}

const WORKFLOWS = '.github/workflows';
const FORMS = '.github/ISSUE_TEMPLATE';
const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, any>;
const root = manifest('.');
const libraries = readdirSync('libs').map((name) => `libs/${name}`);

const workflows = readdirSync(WORKFLOWS).map((file) => ({
  file,
  workflow: parse(readFileSync(join(WORKFLOWS, file), 'utf8')) as Workflow,
}));
const stepsOf = ({ jobs }: Workflow): Step[] => Object.values(jobs).flatMap(({ steps }) => steps);

describe('the workflows of GitHub', () => {
  it('exist: a check of changes, the coverage, and a release', () => {
    expect(workflows.map(({ file }) => file).sort()).toEqual(['ci.yml', 'coverage.yml', 'publish.yml']);
  });

  it.each(workflows)(
    '$file runs only existing commands, has read permission only, and passes no external text to a shell',
    (each) => {
      const { workflow } = each;
      expect(workflow.permissions).toEqual({ contents: 'read' });
      const commands = stepsOf(workflow).flatMap(({ run }) => run ?? []);
      expect(commands.length).toBeGreaterThan(0);
      for (const command of commands) {
        expect(command).not.toContain('${{');
        for (const [, script] of command.matchAll(/npm run ([\w:-]+)/g))
          expect(Object.keys(root['scripts'])).toContain(script);
        for (const [, file] of command.matchAll(/\b(?:bash|node) (\.?\w[\w/-]+(?:\.mjs)?)/g))
          expect([file, existsSync(file!)]).toEqual([file, true]);
      }
      for (const { uses } of stepsOf(workflow)) if (uses) expect(uses).toMatch(/^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
      for (const { with: inputs } of stepsOf(workflow))
        if (inputs?.['node-version-file']) expect(existsSync(inputs['node-version-file'] as string)).toBe(true);
    },
  );

  it('check each change like .ci/run, on each supported major version of Node', () => {
    const { workflow } = workflows.find(({ file }) => file === 'ci.yml')!;
    const { steps, strategy } = workflow.jobs['check']!;
    expect(steps.map(({ run }) => run)).toContain('bash .ci/run');
    const [, oldest] = /^>=(\d+)\./.exec(root['engines'].node as string)!;
    expect(strategy!.matrix.node[0]).toBe(Number(oldest));
    expect(readFileSync('.nvmrc', 'utf8')).toBe(`${oldest}\n`);
  });

  it('try what no test tries: other releases of Node, musl, and the README in an empty folder', () => {
    const { workflow } = workflows.find(({ file }) => file === 'ci.yml')!;
    const tried = workflow.jobs['packages']!.steps.flatMap(({ run }) => run?.match(/scripts\/try-.*/) ?? []);
    const scripts = readdirSync('scripts').filter((name) => name.startsWith('try-'));
    expect(tried.sort()).toEqual(scripts.map((name) => `scripts/${name}`).sort());
  });

  it('publish each package with provenance after the whole check; no other job gets an identity', () => {
    const { workflow } = workflows.find(({ file }) => file === 'publish.yml')!;
    const { steps, permissions } = workflow.jobs['publish']!;
    expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    const at = steps.findIndex(({ run }) => run?.startsWith('npm run changeset -- publish'));
    expect(steps[at]!.env).toMatchObject({ NPM_CONFIG_PROVENANCE: true });
    expect(steps.slice(0, at).map(({ run }) => run)).toContain('bash .ci/run');
    const { access, fixed } = JSON.parse(readFileSync('.changeset/config.json', 'utf8')) as Record<string, unknown>;
    expect([access, fixed]).toEqual(['public', [['nestjs-advanced-scheduler', 'nestjs-advanced-scheduler-*']]]);
    for (const folder of libraries)
      expect([folder, manifest(folder)['publishConfig']]).toEqual([folder, { access: 'public' }]);
    expect(libraries.map((folder) => manifest(folder)['name'] as string)).toEqual(
      libraries.map((folder) => folder.replace('libs/', 'nestjs-advanced-')),
    );
    const elsewhere = workflows.filter(({ file }) => file !== 'publish.yml');
    expect(JSON.stringify(elsewhere)).not.toContain('id-token');
  });
});

it.each(readdirSync(FORMS).filter((file) => file !== 'config.yml'))('the issue form %s is complete', (file) => {
  const form = parse(readFileSync(join(FORMS, file), 'utf8')) as {
    name: string;
    description: string;
    body: { type: string; id: string; attributes: { label: string; options?: string[] } }[];
  };
  expect(form.name && form.description).toBeTruthy();
  expect(new Set(form.body.map(({ id }) => id)).size).toBe(form.body.length);
  for (const { type, attributes } of form.body) {
    expect(['textarea', 'input', 'dropdown']).toContain(type);
    expect(attributes.label).toBeTruthy();
    expect(type === 'dropdown').toBe(attributes.options !== undefined);
  }
});

it('renovate has rules only for used packages', () => {
  const { packageRules } = JSON.parse(readFileSync('renovate.json', 'utf8')) as {
    packageRules: { matchPackageNames?: string[]; matchFileNames?: string[] }[];
  };
  const used = ['.', ...libraries].flatMap((folder) =>
    ['dependencies', 'devDependencies', 'peerDependencies'].flatMap((kind) =>
      Object.keys(manifest(folder)[kind] ?? {}),
    ),
  );
  const named = packageRules.flatMap(({ matchPackageNames = [] }) => matchPackageNames);
  expect(named.length).toBeGreaterThan(5);
  const isUsed = (name: string): boolean =>
    name === 'node' || used.some((each) => (name.endsWith('*') ? each.startsWith(name.slice(0, -1)) : each === name));
  expect(named.filter((name) => !isUsed(name))).toEqual([]);
});

it('community files exist, and the owners of code name existing paths', () => {
  for (const file of [
    'SECURITY.md',
    'CODE_OF_CONDUCT.md',
    'CONTRIBUTING.md',
    'UPGRADING.md',
    'LICENSE',
    '.editorconfig',
  ])
    expect([file, existsSync(file)]).toEqual([file, true]);
  const paths = [...readFileSync('.github/CODEOWNERS', 'utf8').matchAll(/^(?:# )?\/(\S+) +@/gm)].map(
    ([, path]) => path!,
  );
  expect(paths.length).toBeGreaterThan(3);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});
