import * as dagre from '@dagrejs/dagre';

export const NODE = { width: 176, height: 40 };

export interface LayoutRequest {
  nodes: readonly { ref: string; dependsOn: readonly string[] }[];
}

export interface GraphLayout {
  width: number;
  height: number;
  /** Top left corner of each node, in the order asked. */
  nodes: { ref: string; x: number; y: number }[];
  edges: { from: string; to: string; points: { x: number; y: number }[] }[];
}

/** Beyond so many edges, the exact search for short edges would take minutes. */
const MAX_EXACT_EDGES = 400;

/** Places the nodes in columns, from what comes first to what comes last. */
export function layout({ nodes }: LayoutRequest): GraphLayout {
  const graph = new dagre.graphlib.Graph();
  const edges = nodes.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0);
  graph.setGraph({
    rankdir: 'LR',
    nodesep: 12,
    ranksep: 56,
    marginx: 24,
    marginy: 24,
    ranker: edges > MAX_EXACT_EDGES ? 'longest-path' : 'network-simplex',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { ref } of nodes) graph.setNode(ref, { ...NODE });
  for (const { ref, dependsOn } of nodes)
    for (const from of dependsOn) if (graph.hasNode(from)) graph.setEdge(from, ref);
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width: Number.isFinite(width) ? width : 0,
    height: Number.isFinite(height) ? height : 0,
    nodes: nodes.map(({ ref }) => {
      const { x, y } = graph.node(ref) as { x: number; y: number };
      return { ref, x: x - NODE.width / 2, y: y - NODE.height / 2 };
    }),
    edges: graph.edges().map(({ v, w }) => ({
      from: v,
      to: w,
      points: (graph.edge(v, w) as { points: { x: number; y: number }[] }).points,
    })),
  };
}
