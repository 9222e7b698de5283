import type { WorkflowNode } from '../api/types';

interface Place {
  x: number;
  y: number;
}

/** Where an arrow key leads: right and left along the edges, up and down within the column. @returns null: nowhere */
export function neighbour(
  key: string,
  from: string,
  nodes: readonly WorkflowNode[],
  places: ReadonlyMap<string, Place>,
): string | null {
  const here = places.get(from);
  if (here === undefined) return null;
  const height = (ref: string): number => Math.abs((places.get(ref)?.y ?? Infinity) - here.y);
  const nearest = (refs: readonly string[]): string | null =>
    refs.reduce<string | null>((best, ref) => (best === null || height(ref) < height(best) ? ref : best), null);
  const column = (below: boolean): string[] =>
    nodes
      .map(({ ref }) => ref)
      .filter((ref) => {
        const place = places.get(ref);
        return place !== undefined && place.x === here.x && (below ? place.y > here.y : place.y < here.y);
      });
  switch (key) {
    case 'ArrowRight':
      return nearest(nodes.filter(({ dependsOn }) => dependsOn.some(({ ref }) => ref === from)).map(({ ref }) => ref));
    case 'ArrowLeft':
      return nearest(nodes.find(({ ref }) => ref === from)?.dependsOn.map(({ ref }) => ref) ?? []);
    case 'ArrowDown':
      return nearest(column(true));
    case 'ArrowUp':
      return nearest(column(false));
    default:
      return null;
  }
}
