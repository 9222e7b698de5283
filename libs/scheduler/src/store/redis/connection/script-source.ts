/** A verb as a script, sent by its digest, and as a function of the library. Immutable. */
export interface ScriptSource {
  readonly name: string;
  readonly text: string;
  /** SHA-1 of the text in hex. */
  readonly sha: string;
  /** The name of its function. */
  readonly function: string;
  /** Whether it writes nothing. */
  readonly readOnly: boolean;
}

/** All verbs as one library of functions. Names contain its digest, so libraries of several releases can coexist. */
export interface ScriptLibrary {
  name: string;
  text: string;
  /** By the name of the verb. */
  scripts: ReadonlyMap<string, ScriptSource>;
}
