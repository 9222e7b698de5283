import { memo } from 'preact/compat';
import type { WorkflowNode } from '../api/types';
import { statusLabel } from '../components/status';
import { href } from '../lib/router';
import { NODE, type GraphLayout } from './layout';

const MAX_LABEL = 22;

/** All edges as one path: the browser draws a thousand of them as fast as one. */
export const Edges = memo(function Edges({ edges }: { edges: GraphLayout['edges'] }) {
  return <path class="edges" d={edges.map(({ points }) => curve(points)).join('')} />;
});

export const Node = memo(function Node(props: {
  node: WorkflowNode;
  x: number;
  y: number;
  /** Whether the Tab key stops here. */
  reachable: boolean;
  onFocus: (ref: string) => void;
}) {
  const { ref, executionId, taskId, status } = props.node;
  const label = `${ref}, ${statusLabel(status).toLowerCase()}`;
  return (
    <g transform={`translate(${props.x} ${props.y})`}>
      <a
        class="node"
        href={href('executions', executionId)}
        data-ref={ref}
        data-status={status}
        tabIndex={props.reachable ? 0 : -1}
        aria-label={label}
        draggable={false}
        onFocus={() => props.onFocus(ref)}
      >
        <title>{`${label}\n${taskId}`}</title>
        <rect width={NODE.width} height={NODE.height} rx={6} />
        <rect class="node-mark" width={4} height={NODE.height - 16} x={8} y={8} rx={2} />
        <text x={20} y={17}>
          {clip(ref)}
        </text>
        <text class="node-status" x={20} y={31}>
          {statusLabel(status)}
        </text>
      </a>
    </g>
  );
});

function clip(text: string): string {
  return text.length > MAX_LABEL ? `${text.slice(0, MAX_LABEL - 1)}…` : text;
}

/** Through the points of the layout, leaving and arriving horizontally. */
function curve(points: readonly { x: number; y: number }[]): string {
  const [start, ...others] = points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }));
  if (start === undefined) return '';
  let path = `M${start.x} ${start.y}`;
  let last = start;
  for (const point of others) {
    const middle = Math.round((last.x + point.x) / 2);
    path += `C${middle} ${last.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    last = point;
  }
  return path;
}
