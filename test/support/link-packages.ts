import { linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What npm has installed in a folder. */
export interface Installation {
  folder: string;
  /** What its package.json declares. */
  declared: Readonly<Record<string, string>>;
}

/** As npm records an installed package. */
interface LockedPackage {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}
type Lock = Readonly<Record<string, LockedPackage>>;

/**
 * Hard links the packages that dependencies reach into a folder, each at its path in the installation: what npm leaves when all
 * others are uninstalled. Links, not symbolic ones: the real path of a package is in the folder, and so is all that it can import.
 * @throws Error if a dependency is not declared by the installation
 */
export function linkPackages(from: Installation, to: string, dependencies: Readonly<Record<string, string>>): void {
  const record = readFileSync(join(from.folder, 'node_modules/.package-lock.json'), 'utf8');
  const { packages: lock } = JSON.parse(record) as { packages: Lock };
  const direct = Object.entries(dependencies).map(([name, range]) => ({ name, as: nameInside(from, name, range) }));
  for (const path of reached(
    lock,
    direct.map(({ as }) => `node_modules/${as}`),
  )) {
    // A second version of a package has the name of the alias in the installation only.
    const alias = direct.find(({ name, as }) => name !== as && `${path}/`.startsWith(`node_modules/${as}/`));
    const target = alias ? path.replace(`node_modules/${alias.as}`, `node_modules/${alias.name}`) : path;
    linkFolder(join(from.folder, path), join(to, target));
  }
}

/** The name under which the installation has a package: its own, or an alias. */
function nameInside({ declared }: Installation, name: string, range: string): string {
  if (declared[name] === range) return name;
  const alias = Object.entries(declared).find(([, declaredAs]) => declaredAs === `npm:${name}@${range}`);
  if (!alias) throw new Error(`${name}@${range} is not in the shared installation, which has ${declared[name]}`);
  return alias[0];
}

/** The paths of packages and of all that they need, as Node finds it from there. */
function reached(lock: Lock, paths: readonly string[]): ReadonlySet<string> {
  const found = new Set(paths);
  for (const path of found) {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = lock[path]!;
    const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const needed = resolve(lock, path, name);
      if (needed !== undefined) found.add(needed);
      else if (!optionalDependencies?.[name]) throw new Error(`${path} needs ${name}, which is not installed`);
    }
  }
  return found;
}

/** From the innermost node_modules outwards. */
function resolve(lock: Lock, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, at.lastIndexOf('/node_modules/'))) {
    const path = `${at}/node_modules/${name}`;
    if (lock[path]) return path;
    if (!at.includes('/node_modules/')) return lock[`node_modules/${name}`] && `node_modules/${name}`;
  }
}

/** Without the packages inside: each is reached by itself. */
function linkFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (!entry.isDirectory()) linkSync(join(from, entry.name), join(to, entry.name));
    else if (entry.name !== 'node_modules') linkFolder(join(from, entry.name), join(to, entry.name));
  }
}
