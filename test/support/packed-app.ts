import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { linkPackages } from './link-packages.js';
import { sharedInstallation } from './shared-installation.js';

/** An app of a user: packages from the registry and tarballs, installed for real. */
export interface PackedApp {
  type: 'module' | 'commonjs';
  /** The major version of Nest. */
  nest: Nest;
  /** Of this repository; becomes src/main.ts. */
  main: string;
  dependencies: Readonly<Record<string, string>>;
}

type Nest = '11' | '12';
type Dependencies = Readonly<Record<string, string>>;

const DEV_DEPENDENCIES: Dependencies = { '@types/node': '^20' };
/** What apps of a major version of Nest declare beside it; an alias for a second version of a package. */
const OTHER_DEPENDENCIES: Record<Nest, Dependencies> = {
  '11': {
    'ioredis-6': 'npm:ioredis@^6.0.0',
    ...{ jest: '^30.0.0', 'ts-jest': '^29.2.5', '@types/jest': '^30.0.0' },
    ...{ '@nestjs/cli': '^11.0.0', 'ts-loader': '^9.5.0', typescript: '^5.9.0' },
  },
  '12': { vitest: '^4.0.0' },
};

/** The ioredis of an app of that major version of Nest: both majors that the library takes are tested. */
export function ioredisOf(nest: Nest): string {
  return nest === '11' ? '^5.11.0' : '^6.0.0';
}

/** What the library asks for beside it, each of the release line that goes with that of Nest. */
export function nestDependencies(nest: Nest): Record<string, string> {
  const peers =
    nest === '11' ? { schedule: '6', emitter: '3', terminus: '11' } : { schedule: '12', emitter: '12', terminus: '12' };
  return {
    '@nestjs/common': `^${nest}.0.0`,
    '@nestjs/core': `^${nest}.0.0`,
    '@nestjs/platform-express': `^${nest}.0.0`,
    '@nestjs/schedule': `^${peers.schedule}.0.0`,
    '@nestjs/event-emitter': `^${peers.emitter}.0.0`,
    '@nestjs/terminus': `^${peers.terminus}.0.0`,
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.2',
  };
}

/** The library as `npm pack` makes it, once for all suites (scripts/jest/pack-libraries.mjs). */
export function packedLibrary(): string {
  return process.env['PACKED_SCHEDULER']!;
}

/** The console, likewise. */
export function packedConsole(): string {
  return process.env['PACKED_SCHEDULER-CONSOLE']!;
}

/** The command line, likewise. */
export function packedCli(): string {
  return process.env['PACKED_SCHEDULER-CLI']!;
}

/**
 * Writes the app and installs it: hard links to the packages that its dependencies reach in an installation that all apps of
 * this version of Nest share. What it does not declare, directly or through others, it does not have.
 */
export async function installApp(folder: string, app: PackedApp): Promise<void> {
  await writeApp(folder, app);
  const shared = await sharedInstallation(`nest-${app.nest}`, dependenciesOfAll(app.nest));
  linkPackages(shared, folder, { ...app.dependencies, ...DEV_DEPENDENCIES });
}

function dependenciesOfAll(nest: Nest): Dependencies {
  return {
    ...nestDependencies(nest),
    'nestjs-advanced-scheduler': `file:${packedLibrary()}`,
    'nestjs-advanced-scheduler-console': `file:${packedConsole()}`,
    '@nestjs/platform-fastify': `^${nest}.0.0`,
    '@nestjs/testing': `^${nest}.0.0`,
    'nestjs-cls': '*',
    ioredis: ioredisOf(nest),
    '@photostructure/sqlite': '^1.2.1',
    ...{ esbuild: '^0.28.0', '@vercel/ncc': '^0.45.0' },
    ...OTHER_DEPENDENCIES[nest],
    ...DEV_DEPENDENCIES,
  };
}

/** Writes the app, strict down to the declarations of what it uses. */
export async function writeApp(folder: string, { type, main, dependencies }: Omit<PackedApp, 'nest'>): Promise<void> {
  await mkdir(join(folder, 'src'), { recursive: true });
  await cp(resolve(main), join(folder, 'src/main.ts'));
  const packageJson = {
    name: 'user-app',
    private: true,
    type,
    dependencies,
    devDependencies: DEV_DEPENDENCIES,
  };
  const compilerOptions = {
    module: 'nodenext',
    target: 'ES2023',
    lib: ['ES2023'],
    strict: true,
    skipLibCheck: false,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(packageJson, null, 2));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }, null, 2));
}

/** Compiles the app without checking types, which takes most of the time of a compiler. */
export async function transpileApp(folder: string, { type }: Pick<PackedApp, 'type'>): Promise<void> {
  const compilerOptions: ts.CompilerOptions = {
    module: type === 'module' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2023,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  const source = await readFile(join(folder, 'src/main.ts'), 'utf8');
  const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: 'main.ts' });
  await mkdir(join(folder, 'dist'), { recursive: true });
  await writeFile(join(folder, 'dist/main.js'), outputText);
}

/** The major version of a package as it is installed. */
export async function majorOf(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version.split('.')[0];
}

/** Every file below, by its path from there. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
