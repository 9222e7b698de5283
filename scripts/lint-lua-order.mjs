/**
 * A verb as a script defines modules where it includes them, some only once its fast path has given up. Finds what is used
 * before it is defined: in the function library, which defines all modules at once, that would not fail.
 */
import { basename } from 'node:path';
import { parse } from 'luaparse';

const INCLUDE = /^-- @include (\w+)$/;

/**
 * @param {Record<string, string>} sources by path from `lua/`
 * @returns {string[]} breaches, each with its place
 */
export function usedTooEarly(sources) {
  const texts = new Map();
  for (const [path, text] of Object.entries(sources))
    if (!path.startsWith('commands/') && path !== 'library.lua') texts.set(basename(path, '.lua'), text);
  const functions = new Map();
  for (const [module, text] of texts)
    for (const [name, node] of functionsOf(treeOf(text))) functions.set(`${module}.${name}`, { module, node });
  return Object.keys(sources)
    .filter((path) => path.startsWith('commands/'))
    .flatMap((path) => checkVerb(path, sources[path], texts, functions));
}

function checkVerb(path, text, texts, functions) {
  const included = new Set();
  const found = new Set();
  const own = new Map(functionsOf(treeOf(text)).map(([name, node]) => [name, { module: null, node }]));
  const visit = (node, module, line, seen) => {
    for (const [base, name] of usesOf(node)) {
      if (base !== null && texts.has(base) && !included.has(base)) {
        found.add(`${path}:${line} '${base}' is used before it is included`);
        continue;
      }
      const next = base === null && module === null ? own.get(name) : functions.get(`${base ?? module}.${name}`);
      if (!next || seen.has(next)) continue;
      seen.add(next);
      visit(next.node.body, next.module, line, seen);
    }
  };
  const include = (module, line) => {
    if (included.has(module)) return;
    included.add(module);
    for (const each of includesOf(texts.get(module))) include(each.module, line);
    const begin = functions.get(`${module}.begin`);
    if (begin) visit(begin.node.body, module, line, new Set([begin]));
  };
  const steps = [
    ...includesOf(text),
    ...treeOf(text)
      .body.filter(({ type }) => type !== 'FunctionDeclaration')
      .map((node) => ({ line: node.loc.start.line, node })),
  ].sort((a, b) => a.line - b.line);
  for (const { line, module, node } of steps)
    if (module) include(module, line);
    else visit(node, null, line, new Set());
  return [...found];
}

const treeOf = (text) => parse(text.replace(/^#!.*/, ''), { luaVersion: '5.1', locations: true });

const includesOf = (text) =>
  text.split('\n').flatMap((line, index) => {
    const [, module] = INCLUDE.exec(line) ?? [];
    return module ? { line: index + 1, module } : [];
  });

/** The functions of a file by their names, without that of its module. */
const functionsOf = ({ body }) =>
  body.flatMap((node) =>
    node.type === 'FunctionDeclaration' ? [[node.identifier.name ?? node.identifier.identifier.name, node]] : [],
  );

/** What is named in it: members of modules, and functions of the same file (without a module). */
function usesOf(node, uses = []) {
  if (node === null || typeof node !== 'object') return uses;
  if (Array.isArray(node)) for (const each of node) usesOf(each, uses);
  else if (node.type === 'MemberExpression' && node.base.type === 'Identifier')
    uses.push([node.base.name, node.identifier.name]);
  else if (node.type === 'Identifier') uses.push([null, node.name]);
  else for (const [key, value] of Object.entries(node)) if (key !== 'loc') usesOf(value, uses);
  return uses;
}
