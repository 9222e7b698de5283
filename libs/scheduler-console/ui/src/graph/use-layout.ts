import { useEffect, useMemo, useState } from 'preact/hooks';
import type { WorkflowNode } from '../api/types';
import type { GraphLayout, LayoutRequest } from './layout';

/** Where the nodes stand; null while that is worked out. Changes of state alone place nothing anew. */
export function useLayout(nodes: readonly WorkflowNode[]): { layout: GraphLayout | null; failed: boolean } {
  const shape = useMemo(
    () => JSON.stringify(nodes.map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.map((each) => each.ref) }))),
    [nodes],
  );
  const [state, setState] = useState<{ shape: string; layout: GraphLayout | null; failed: boolean }>({
    shape: '',
    layout: null,
    failed: false,
  });
  useEffect(() => {
    const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<GraphLayout>) => {
      setState({ shape, layout: data, failed: false });
      worker.terminate();
    };
    worker.onerror = () => setState({ shape, layout: null, failed: true });
    worker.postMessage({ nodes: JSON.parse(shape) as LayoutRequest['nodes'] } satisfies LayoutRequest);
    return () => worker.terminate();
  }, [shape]);
  return state.shape === shape ? state : { layout: null, failed: false };
}
