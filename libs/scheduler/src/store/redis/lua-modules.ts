const INCLUDE = /^-- @include (\w+)$/;
/** The function of a module that resets its variables: a library keeps variables between calls. */
const BEGIN = /^function (\w+\.begin)\(\)$/m;
/** A function and the module that has it. */
const FUNCTION_OF = /^function (\w+)[.:]/gm;
/** How a module becomes a table of the engine. */
const TABLE = /^(tables\.\w+) = \w+$/m;
/**
 * Modules that a verb begins at once: those that begin with little, where noticing the first use would cost more. The others
 * begin at their first use in a call, see `beginsLazily`.
 */
const BEGUN_FIRST = ['keys', 'context', 'tables', 'effects', 'records', 'budget', 'window', 'simple'];

/** A Lua source as it goes to the server: without comments and indents, cut at its includes. */
export interface Chunk {
  /** Script flags of Redis. Keys in other slots are always refused. */
  readonly flags: readonly string[];
  readonly parts: readonly ({ readonly text: string } | { readonly include: string })[];
}

export interface LuaModule extends Chunk {
  readonly name: string;
  /** The call of its `begin` function, '' without one. If `context.begin` returns a reply, the verb ends. */
  readonly begin: string;
  /**
   * Whether it has variables to reset, and may do so at its first use: this is noticed only at uses by its own name, so it may
   * not have functions of other modules.
   */
  readonly beginsLazily: boolean;
  /** The name under which the engine uses it, if it does. */
  readonly table: string | undefined;
}

/** The modules of a library. Each is read once, since all verbs share them. */
export class LuaModules {
  private readonly read = new Map<string, LuaModule>();

  /** @param texts see `luaTexts` */
  constructor(private readonly texts: Readonly<Record<string, string>>) {}

  get(name: string): LuaModule {
    let module = this.read.get(name);
    if (module === undefined) this.read.set(name, (module = moduleOf(name, this.sourceOf(name))));
    return module;
  }

  /** A module after the modules that it includes, without those already `included`. */
  includesOf(name: string, included: Set<string>): string[] {
    if (included.has(name)) return [];
    included.add(name);
    const nested = this.get(name).parts.flatMap((part) => ('include' in part ? [part.include] : []));
    return [...nested.flatMap((each) => this.includesOf(each, included)), name];
  }

  /** The engine is generated, and lies beside the folders. */
  private sourceOf(name: string): string {
    const { texts } = this;
    return (texts[`includes/${name}.lua`] ?? texts[`fast/${name}.lua`] ?? texts[`${name}.lua`])!;
  }
}

function moduleOf(name: string, source: string): LuaModule {
  const begin = BEGIN.exec(source)?.[1];
  const ownFunctionsOnly = [...source.matchAll(FUNCTION_OF)].every(([, owner]) => owner === name);
  return {
    name,
    // The tables of all modules are declared before them.
    ...chunkOf(source.replace(new RegExp(`^local ${name} = `, 'm'), `${name} = `)),
    begin: begin === undefined ? '' : begin === 'context.begin' ? CONTEXT_BEGIN : `${begin}()`,
    beginsLazily: begin !== undefined && !BEGUN_FIRST.includes(name) && ownFunctionsOnly,
    table: TABLE.exec(source)?.[1],
  };
}

const CONTEXT_BEGIN = 'do local over = context.begin() if over then return over end end';

export function chunkOf(source: string): Chunk {
  const flags = /^#!lua.*flags=(\S+)/.exec(source)?.[1]?.split(',') ?? [];
  const parts: Chunk['parts'][number][] = [];
  let lines: string[] = [];
  const cut = (): void => {
    if (lines.length > 0) parts.push({ text: lines.join('\n') });
    lines = [];
  };
  for (const line of source.split('\n')) {
    const include = line.startsWith('-- @include ') ? INCLUDE.exec(line)?.[1] : undefined;
    const code = line.trim();
    if (include !== undefined) {
      cut();
      parts.push({ include });
    } else if (code !== '' && !code.startsWith('--') && !code.startsWith('#!lua')) lines.push(code);
  }
  cut();
  return { flags, parts };
}
