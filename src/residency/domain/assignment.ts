/** The cost of a forbidden pair. */
export const FORBIDDEN = 1e9;

/**
 * Assigns a different column to each row at the least total cost (the Hungarian method, in O(rows² · columns)). With
 * equal costs the lower column is used, so the result depends only on the matrix. Returns the column of each row, or
 * null if every assignment would use a FORBIDDEN pair. Needs columns ≥ rows.
 */
export function assignAtLeastCost(costs: readonly (readonly number[])[]): number[] | null {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  if (columns < rows) return null;
  // Row and column 0 mean "not yet matched".
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) addRow(row);

  function addRow(row: number): void {
    const slack = new Float64Array(columns + 1).fill(Infinity);
    const cameFrom = new Int32Array(columns + 1);
    const visited = new Uint8Array(columns + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      visited[column] = 1;
      const current = rowOf[column]!;
      let next = 0;
      let step = Infinity;
      for (let c = 1; c <= columns; c++) {
        if (visited[c]) continue;
        const reduced = costs[current - 1]![c - 1]! - rowPotential[current]! - columnPotential[c]!;
        if (reduced < slack[c]!) {
          slack[c] = reduced;
          cameFrom[c] = column;
        }
        if (slack[c]! < step) {
          step = slack[c]!;
          next = c;
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (visited[c]) {
          rowPotential[rowOf[c]!]! += step;
          columnPotential[c]! -= step;
        } else slack[c]! -= step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    for (; column !== 0; column = cameFrom[column]!) rowOf[column] = rowOf[cameFrom[column]!]!;
  }

  const columnOf = new Array<number>(rows).fill(-1);
  for (let c = 1; c <= columns; c++) if (rowOf[c]) columnOf[rowOf[c]! - 1] = c - 1;
  return columnOf.some((column, row) => costs[row]![column]! >= FORBIDDEN) ? null : columnOf;
}
