/**
 * `node scripts/package-weight.mjs [tarball]`: what the packed library adds to an app of Nest 12: packages, bytes on the disk, and
 * the processor time and memory of its import after Nest: the least of eight fresh processes, as a busy machine only adds. Needs
 * the npm registry. Without a tarball it packs the library of this tree.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { install, packLibraries } from './packed-apps.mjs';

const LIBRARY = 'nestjs-advanced-scheduler';
const RUNS = 8;
const NEST = {
  ...{ '@nestjs/common': '12', '@nestjs/core': '12', '@nestjs/platform-express': '12' },
  ...{ 'reflect-metadata': '^0.2.2', rxjs: '^7.8.2' },
};
const PEERS = { '@nestjs/event-emitter': '12', '@nestjs/schedule': '12', '@nestjs/terminus': '12' };
const IMPORT_NEST = ['reflect-metadata', '@nestjs/core', '@nestjs/platform-express'];

const work = mkdtempSync(join(tmpdir(), 'weight-'));
try {
  const tarball = process.argv[2] ? `file:${resolve(process.argv[2])}` : packLibraries(work)[LIBRARY];
  const nest = appOf('nest', NEST);
  const full = appOf('full', { ...NEST, ...PEERS, [LIBRARY]: tarball });
  console.log('| Of an app of Nest 12 | Packages | MB on the disk | Import, ms of CPU | Import, MB of memory |');
  console.log('| -------------------- | -------- | -------------- | ----------------- | -------------------- |');
  const base = row('Nest alone', nest, []);
  for (const [peer, range] of Object.entries(PEERS)) row(peer, appOf(peer, { ...NEST, [peer]: range }), [peer], base);
  row(`${LIBRARY}, with these peers`, full, [LIBRARY], base);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function appOf(name, dependencies) {
  const folder = join(work, name.replace('/', '-'));
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  install(folder);
  return folder;
}

/** Prints a row, its size above `base` where there is one. */
function row(title, folder, imported, base) {
  const size = [Object.keys(lockOf(folder)).length - 1, sizeOf(join(folder, 'node_modules')) / 1e6];
  const costs = Array.from({ length: RUNS }, () => costOfImport(folder, imported));
  const cost = [0, 1].map((at) => Math.min(...costs.map((each) => each[at])));
  const [packages, megabytes] = base ? size.map((value, at) => value - base[at]) : size;
  console.log(`| ${title} | ${packages} | ${megabytes.toFixed(1)} | ${cost[0].toFixed(0)} | ${cost[1].toFixed(1)} |`);
  return size;
}

function lockOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
}

function sizeOf(path) {
  const stat = lstatSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stat.size;
}

/** @returns the CPU time in ms and the memory in MB of importing Nest, or these packages after it */
function costOfImport(folder, imported) {
  const program = `const importAll = async (names) => { for (const name of names) await import(name); };
    const used = () => { const { user, system } = process.cpuUsage(); return [(user + system) / 1000, process.memoryUsage.rss() / 1e6]; };
    const [nest, others] = ${JSON.stringify([IMPORT_NEST, imported])};
    if (others.length > 0) await importAll(nest);
    const before = used();
    await importAll(others.length > 0 ? others : nest);
    console.log(JSON.stringify(used().map((value, at) => value - before[at])));
    process.exit();`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder }));
}
