import { useMemo, useState } from 'preact/hooks';
import type { WorkflowNode } from '../api/types';
import { Icon } from '../components/icon';
import { Empty, Loading } from '../components/states';
import { Edges, Node } from './shapes';
import { neighbour } from './neighbour';
import { NODE } from './layout';
import { useLayout } from './use-layout';
import { useViewport } from './viewport';

/** The workflow as a drawing: one stop of the Tab key, arrows to walk along the edges, Enter to open. */
export function Graph({ nodes }: { nodes: readonly WorkflowNode[] }) {
  const { layout, failed } = useLayout(nodes);
  const view = useViewport(layout);
  const [current, setCurrent] = useState<string | null>(null);
  const byRef = useMemo(() => new Map(nodes.map((node) => [node.ref, node])), [nodes]);
  const places = useMemo(() => new Map(layout?.nodes.map((place) => [place.ref, place])), [layout]);

  if (failed) return <Empty title="The graph could not be drawn">The list shows the same.</Empty>;
  if (layout === null) return <Loading what="Placing the nodes" />;

  const walk = (event: KeyboardEvent): void => {
    const from = current ?? layout.nodes[0]?.ref;
    const to = from === undefined ? null : neighbour(event.key, from, nodes, places);
    if (to === null) return;
    event.preventDefault();
    setCurrent(to);
    const place = places.get(to);
    if (place) view.reveal(place.x + NODE.width / 2, place.y + NODE.height / 2);
    view.svg.current?.querySelector<SVGAElement>(`[data-ref="${CSS.escape(to)}"]`)?.focus({ preventScroll: true });
  };
  const open = (event: MouseEvent): void => {
    if (view.dragged()) event.preventDefault();
  };
  const first = current ?? layout.nodes[0]?.ref;
  return (
    <div class="graph">
      <svg
        ref={view.svg}
        role="group"
        aria-label="Graph of the workflow: arrow keys move, Enter opens"
        onKeyDown={walk}
        onClick={open}
      >
        <g ref={view.world}>
          <Edges edges={layout.edges} />
          {layout.nodes.map(({ ref, x, y }) => {
            const node = byRef.get(ref);
            return node && <Node key={ref} node={node} x={x} y={y} reachable={ref === first} onFocus={setCurrent} />;
          })}
        </g>
      </svg>
      <div class="graph-tools" role="group" aria-label="View of the graph">
        <button type="button" class="button" aria-label="Zoom in" onClick={() => view.zoom(1.3)}>
          <Icon name="plus" />
        </button>
        <button type="button" class="button" aria-label="Zoom out" onClick={() => view.zoom(1 / 1.3)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="button" aria-label="Show all" onClick={view.fit}>
          <Icon name="fit" />
        </button>
      </div>
    </div>
  );
}
