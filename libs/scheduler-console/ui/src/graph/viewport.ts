import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import type { GraphLayout } from './layout';

const [MIN_SCALE, MAX_SCALE] = [0.03, 2.5];
/** Around a graph that is shown whole; the tools stand below it. */
const [MARGIN, TOOLS] = [8, 48];
/** Below it labels cannot be read, and are left out. */
const LABEL_SCALE = 0.35;

export interface Viewport {
  svg: RefObject<SVGSVGElement | null>;
  world: RefObject<SVGGElement | null>;
  zoom: (factor: number) => void;
  fit: () => void;
  /** Brings a place of the graph into view. */
  reveal: (x: number, y: number) => void;
  /** Whether the pointer has dragged since it went down: then a click opens nothing. */
  dragged: () => boolean;
}

/** Zoom and pan of an SVG. It moves one transform and renders nothing, so that 1,000 nodes move smoothly. */
export function useViewport(layout: GraphLayout | null): Viewport {
  const svg = useRef<SVGSVGElement | null>(null);
  const world = useRef<SVGGElement | null>(null);
  const view = useRef({ x: 0, y: 0, scale: 1 });
  const moved = useRef(false);

  const draw = useCallback(() => {
    const { x, y, scale } = view.current;
    world.current?.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
    svg.current?.classList.toggle('is-far', scale < LABEL_SCALE);
  }, []);
  const zoomAt = useCallback(
    (factor: number, px: number, py: number) => {
      const { x, y, scale } = view.current;
      const next = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale * factor));
      const ratio = next / scale;
      view.current = { x: px - (px - x) * ratio, y: py - (py - y) * ratio, scale: next };
      draw();
    },
    [draw],
  );
  const size = (): { width: number; height: number } => svg.current?.getBoundingClientRect() ?? { width: 0, height: 0 };
  const fit = useCallback(() => {
    if (layout === null) return;
    const box = size();
    const [width, height] = [box.width - 2 * MARGIN, box.height - MARGIN - TOOLS];
    const whole = Math.min(1, width / Math.max(1, layout.width), height / Math.max(1, layout.height));
    const scale = Math.max(MIN_SCALE, whole);
    view.current = {
      // Of one too large to be shown whole, its begin.
      x: MARGIN + Math.max(0, width - layout.width * scale) / 2,
      y: MARGIN + Math.max(0, height - layout.height * scale) / 2,
      scale,
    };
    draw();
  }, [layout, draw]);

  useEffect(fit, [fit]);
  useEffect(() => {
    const element = svg.current;
    if (element === null) return undefined;
    let last: { x: number; y: number } | null = null;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoomAt(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
    };
    const down = (event: PointerEvent): void => {
      last = { x: event.clientX, y: event.clientY };
      moved.current = false;
    };
    const move = (event: PointerEvent): void => {
      if (last === null) return;
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      // A hand that shakes on a click is no drag.
      if (!moved.current && Math.hypot(dx, dy) < 4) return;
      if (!moved.current) element.setPointerCapture(event.pointerId);
      moved.current = true;
      last = { x: event.clientX, y: event.clientY };
      view.current.x += dx;
      view.current.y += dy;
      draw();
    };
    const up = (): void => {
      last = null;
    };
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    return () => {
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
    };
  }, [layout, draw, zoomAt]);

  return {
    svg,
    world,
    fit,
    zoom: (factor) => {
      const { width, height } = size();
      zoomAt(factor, width / 2, height / 2);
    },
    reveal: (x, y) => {
      const { width, height } = size();
      const { scale } = view.current;
      const [px, py] = [x * scale + view.current.x, y * scale + view.current.y];
      if (px > 80 && px < width - 80 && py > 40 && py < height - 40) return;
      view.current = { x: width / 2 - x * scale, y: height / 2 - y * scale, scale };
      draw();
    },
    dragged: () => moved.current,
  };
}
