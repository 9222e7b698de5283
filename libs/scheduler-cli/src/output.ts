/** Where a command writes; `json`: one JSON document instead of text. */
export interface Output {
  json: boolean;
  out: (text: string) => void;
  err: (text: string) => void;
}

export type Column<T> = readonly [title: string, cell: (row: T) => unknown];

/** Rows as a table, or as JSON. */
export function printRows<T>({ json, out }: Output, rows: readonly T[], columns: readonly Column<T>[]): void {
  if (json) return out(`${JSON.stringify(rows, null, 2)}\n`);
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => textOf(cell(row))))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]!.length)));
  for (const line of cells)
    out(
      `${line
        .map((text, at) => text.padEnd(widths[at]!))
        .join('  ')
        .trimEnd()}\n`,
    );
}

/** Fields one below the other, without those that are null or empty; or the whole value as JSON. */
export function printFields({ json, out }: Output, value: object): void {
  if (json) return out(`${JSON.stringify(value, null, 2)}\n`);
  const fields = Object.entries(value).filter(([, field]) => textOf(field) !== '');
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, field] of fields) out(`${name.padEnd(width)}  ${textOf(field)}\n`);
}

/** One sentence, or the value that it describes as JSON. */
export function printLine({ json, out }: Output, text: string, value: unknown): void {
  out(json ? `${JSON.stringify(value, null, 2)}\n` : `${printable(text)}\n`);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) && value.length === 0) return '';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Without control characters: texts of payloads and errors must not move the cursor of a terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
}
