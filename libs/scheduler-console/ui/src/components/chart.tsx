import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../lib/theme';

export interface ThroughputPoint {
  time: string | number;
  completed: number;
  failed: number;
}

/** Ends per minute. What it says in short stands in its label, for those who cannot see it. */
export function ThroughputChart({ points }: { points: readonly ThroughputPoint[] }) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const dark = isDark();
  const data = toData(points);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const plot = new uPlot(options(element), latest.current, element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
    // The colours are read when it is made.
  }, [dark]);
  useEffect(() => chart.current?.setData(data), [data]);

  const completed = points.reduce((sum, each) => sum + each.completed, 0);
  const failed = points.reduce((sum, each) => sum + each.failed, 0);
  return (
    <>
      <div
        ref={host}
        class="chart"
        role="img"
        aria-label={`In the last hour ${completed} completed and ${failed} failed`}
      />
      <div class="legend">
        <span data-status="COMPLETED" class="badge">
          {completed.toLocaleString('en-US')} completed
        </span>
        <span data-status="FAILED" class="badge">
          {failed.toLocaleString('en-US')} failed
        </span>
        <span class="muted">by minute, last hour</span>
      </div>
    </>
  );
}

const HEIGHT = 190;

function toData(points: readonly ThroughputPoint[]): uPlot.AlignedData {
  const seconds = points.map(({ time }) => (typeof time === 'number' ? time : Date.parse(time)) / 1_000);
  // Failed stands on top of completed.
  return [
    seconds,
    points.map((each) => each.completed + each.failed),
    points.map((each) => each.completed),
  ] as uPlot.AlignedData;
}

function options(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const bars = uPlot.paths.bars?.({ size: [0.72, 14], radius: 0.15 });
  const axis = {
    stroke: color('--text-3'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  const series = (name: string): uPlot.Series => ({
    fill: color(name),
    stroke: color(name),
    width: 0,
    paths: bars,
    points: { show: false },
  });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    padding: [8, 4, 0, 0],
    scales: {
      x: { range: (_, min, max) => [min - 40, max + 40] },
      y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 70, values: (_, splits) => splits.map(clock) },
      { ...axis, size: 42, space: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5] },
    ],
    series: [{}, series('--failed'), series('--completed')],
  };
}

function clock(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
}
