/** A verb as a script, sent by its digest, and as a function of the library. Its text never changes. */
export interface ScriptSource {
  readonly name: string;
  readonly text: string;
  /** SHA-1 of the text in hex. */
  readonly sha: string;
  /** The name of its function. */
  readonly function: string;
  /** Writes nothing. */
  readonly readOnly: boolean;
}

/** All verbs as one library of functions, whose names bear its digest: libraries of releases lie side by side. */
export interface ScriptLibrary {
  name: string;
  text: string;
  /** By the name of their verb. */
  scripts: ReadonlyMap<string, ScriptSource>;
}
