/**
 * `node scripts/lint-lua.mjs`: checks the Lua of the Redis store, `--write` formats it. What is generated is left out.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Config, formatCode, IndentType, OutputVerification, QuoteStyle } from '@johnnymorganz/stylua';
import { parse } from 'luaparse';
import { usedTooEarly } from './lint-lua-order.mjs';

const FOLDER = fileURLToPath(new URL('../libs/scheduler/src/store/redis/lua/', import.meta.url));
const GENERATED = ['engine.lua', 'limits.lua', 'codes.lua'];
/** What a script has from Redis. */
const GLOBALS = [
  ...[
    'KEYS',
    'ARGV',
    'redis',
    'cjson',
    'cmsgpack',
    'string',
    'table',
    'math',
    'tonumber',
    'tostring',
    'ipairs',
    'pairs',
  ],
  ...['type', 'pcall', 'error', 'unpack', 'select', 'setmetatable'],
];
const SHEBANG = /^#!.*/;

/** @returns {Record<string, string>} texts by path from `lua/` */
export function luaSources(folder = FOLDER) {
  const paths = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.lua'));
  return Object.fromEntries(
    paths.sort().map((path) => [path.replaceAll('\\', '/'), readFileSync(join(folder, path), 'utf8')]),
  );
}

/**
 * @param {Record<string, string>} sources by path; `library.lua` is among them
 * @returns {string[]} breaches, each with its place
 */
export function lintLua(sources) {
  const files = Object.entries(sources).map(([path, text]) => ({ path, tree: treeOf(path, text) }));
  const modules = new Map();
  for (const path of Object.keys(sources))
    if (!path.startsWith('commands/')) modules.set(basename(path, '.lua'), new Set());
  const shared = new Set(sharedIn(files.find(({ path }) => path === 'library.lua').tree));
  for (const { path, tree } of files) collectMembers(tree, modules, path);
  const breaches = files.flatMap(({ path, tree }) => {
    if (GENERATED.includes(path)) return [];
    const found = [];
    const report = (node, message) => found.push(`${path}:${node.loc.start.line} ${message}`);
    new Scopes({ path, modules, shared, report }).check(tree);
    return found;
  });
  return [...breaches, ...usedTooEarly(sources)];
}

/** @returns {string[]} paths of the files that are not formatted */
export function unformatted(sources) {
  return Object.keys(sources).filter((path) => !GENERATED.includes(path) && format(sources[path]) !== sources[path]);
}

/** As prettier formats TypeScript here. */
export function format(text) {
  const config = Config.new();
  config.column_width = 120;
  config.indent_type = IndentType.Spaces;
  config.indent_width = 2;
  config.quote_style = QuoteStyle.AutoPreferSingle;
  const [first] = SHEBANG.exec(text) ?? [''];
  const body = text.replace(SHEBANG, '').replace(/^\n/, '');
  const formatted = formatCode(body, config, undefined, OutputVerification.None);
  return first === '' ? formatted : `${first}\n${formatted}`;
}

function treeOf(path, text) {
  try {
    return parse(text.replace(SHEBANG, ''), { luaVersion: '5.1', locations: true });
  } catch (error) {
    throw new Error(`${path}: ${error.message}`);
  }
}

/** The variables that all modules share. */
function sharedIn(tree) {
  return tree.body.flatMap((node) => (node.type === 'LocalStatement' ? node.variables.map(({ name }) => name) : []));
}

/** What is defined in the tables of modules, anywhere. */
function collectMembers(tree, modules, path) {
  const add = (node) => {
    if (node?.type === 'MemberExpression' && node.base.type === 'Identifier')
      modules.get(node.base.name)?.add(node.identifier.name);
  };
  walk(tree, (node) => {
    if (node.type === 'FunctionDeclaration') add(node.identifier);
    if (node.type === 'AssignmentStatement') node.variables.forEach(add);
    if (node.type === 'LocalStatement') {
      const own = modules.get(basename(path, '.lua'));
      const [value] = node.init;
      if (own && node.variables[0].name === basename(path, '.lua') && value?.type === 'TableConstructorExpression')
        for (const { key } of value.fields) if (key?.name) own.add(key.name);
      // A table that makes its members when they are asked for.
      if (own && node.variables[0].name === basename(path, '.lua') && value?.type === 'CallExpression') own.add('*');
    }
  });
}

function walk(node, visit) {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) return node.forEach((each) => walk(each, visit));
  if (typeof node.type === 'string') visit(node);
  for (const [key, value] of Object.entries(node)) if (key !== 'loc') walk(value, visit);
}

/** Follows names through the scopes of one file. */
class Scopes {
  #stack = [];

  constructor({ path, modules, shared, report }) {
    this.own = basename(path, '.lua');
    this.isModule = modules.has(this.own) && path !== 'library.lua';
    this.isLibrary = path === 'library.lua';
    this.modules = modules;
    this.known = new Set([...GLOBALS, ...shared, ...modules.keys()]);
    this.report = report;
  }

  check(tree) {
    this.#within(() => this.#block(tree.body));
  }

  #within(run) {
    this.#stack.push(new Map());
    run();
    for (const [name, { node, isUsed }] of this.#stack.pop())
      if (!isUsed && !name.startsWith('_') && !this.isLibrary) this.report(node, `'${name}' is not used`);
  }

  #declare(node, isUsed = false) {
    const { name } = node;
    const isOwn = this.isModule && name === this.own && this.#stack.length === 1;
    if (!isOwn && name !== '_' && !this.isLibrary) {
      if (this.#stack.some((scope) => scope.has(name)))
        this.report(node, `'${name}' hides a variable of the same name`);
      else if (this.known.has(name)) this.report(node, `'${name}' hides what every file can use`);
    }
    this.#stack.at(-1).set(name, { node, isUsed: isUsed || isOwn });
  }

  #use(node) {
    const scope = this.#stack.findLast((each) => each.has(node.name));
    if (scope) scope.get(node.name).isUsed = true;
    else if (!this.known.has(node.name)) this.report(node, `'${node.name}' is not defined`);
  }

  #member({ base, identifier }) {
    if (base.type !== 'Identifier' || this.#stack.slice(1).some((scope) => scope.has(base.name))) return;
    const members = this.modules.get(base.name);
    if (members && !members.has(identifier.name) && !members.has('*'))
      this.report(identifier, `'${base.name}' has no '${identifier.name}'`);
  }

  #block(body) {
    for (const node of body) this.#statement(node);
  }

  #statement(node) {
    switch (node.type) {
      case 'LocalStatement':
        node.init.forEach((each) => this.#expression(each));
        node.variables.forEach((each) => this.#declare(each));
        break;
      case 'AssignmentStatement':
        node.init.forEach((each) => this.#expression(each));
        node.variables.forEach((each) => this.#expression(each));
        break;
      case 'FunctionDeclaration':
        if (node.isLocal) this.#declare(node.identifier);
        else if (node.identifier) this.#expression(node.identifier);
        this.#function(node);
        break;
      case 'ForNumericStatement':
        [node.start, node.end, node.step].forEach((each) => each && this.#expression(each));
        this.#within(() => {
          this.#declare(node.variable, true);
          this.#block(node.body);
        });
        break;
      case 'ForGenericStatement':
        node.iterators.forEach((each) => this.#expression(each));
        this.#within(() => {
          node.variables.forEach((each) => this.#declare(each));
          this.#block(node.body);
        });
        break;
      case 'RepeatStatement':
        this.#within(() => {
          this.#block(node.body);
          this.#expression(node.condition);
        });
        break;
      case 'WhileStatement':
      case 'DoStatement':
      case 'IfClause':
      case 'ElseifClause':
      case 'ElseClause':
        if (node.condition) this.#expression(node.condition);
        this.#within(() => this.#block(node.body));
        break;
      case 'IfStatement':
        node.clauses.forEach((each) => this.#statement(each));
        break;
      case 'CallStatement':
        this.#expression(node.expression);
        break;
      case 'ReturnStatement':
        node.arguments.forEach((each) => this.#expression(each));
        break;
      case 'BreakStatement':
        break;
      default:
        this.report(node, `'${node.type}' is not expected here`);
    }
  }

  #function({ parameters, body, identifier }) {
    this.#within(() => {
      // What `function table:method` has without naming it.
      if (identifier?.indexer === ':') this.#stack.at(-1).set('self', { node: identifier, isUsed: true });
      for (const each of parameters) if (each.type === 'Identifier') this.#declare(each);
      this.#block(body);
    });
  }

  #expression(node) {
    if (node.type === 'Identifier') return this.#use(node);
    if (node.type === 'FunctionDeclaration') return this.#function(node);
    if (node.type === 'MemberExpression') {
      this.#expression(node.base);
      return this.#member(node);
    }
    if (node.type === 'TableKeyString') return this.#expression(node.value);
    for (const [key, value] of Object.entries(node)) {
      if (key === 'loc' || value === null || typeof value !== 'object') continue;
      for (const each of Array.isArray(value) ? value : [value])
        if (typeof each.type === 'string') this.#expression(each);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sources = luaSources();
  if (process.argv.includes('--write'))
    for (const path of unformatted(sources)) writeFileSync(join(FOLDER, path), format(sources[path]));
  else {
    const breaches = [
      ...lintLua(sources),
      ...unformatted(sources).map((path) => `${path} is not formatted: npm run format`),
    ];
    for (const each of breaches) process.stderr.write(`${relative(process.cwd(), FOLDER)}/${each}\n`);
    if (breaches.length > 0) process.exitCode = 1;
  }
}
