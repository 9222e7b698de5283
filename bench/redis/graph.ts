/** A graph of jobs, by its form. Its nodes are numbered so that each waits only for smaller numbers. */
export interface GraphSpec {
  /** chain: one after the other; fanIn: the last waits for all; fanOut: all wait for the first; layers: see `width`. */
  form: 'chain' | 'fanIn' | 'fanOut' | 'layers';
  nodes: number;
  /** Of layers: nodes in each, all of which wait for each of the layer before. */
  width?: number;
}

/** The nodes from `from` on, before `to`. */
export type Range = [from: number, to: number];

/** A parent and its ten children. */
export const FAMILY: GraphSpec = { form: 'fanIn', nodes: 11 };

/** The nodes that this one waits for. */
export function upstreamsOf({ form, nodes, width = 1 }: GraphSpec, node: number): Range | undefined {
  if (form === 'fanIn') return node === nodes - 1 ? [0, node] : undefined;
  if (node < width) return undefined;
  if (form === 'fanOut') return [0, 1];
  const layer = Math.floor(node / width);
  return [(layer - 1) * width, layer * width];
}
