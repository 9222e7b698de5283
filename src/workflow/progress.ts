import { Presets, SingleBar } from 'cli-progress';

/** Shows the progress of a run. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** A bar on a terminal; otherwise a line at each tenth. */
export function createProgress(total: number, stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new BarProgress(total, stream) : new LineProgress(total, stream);
}

class BarProgress implements Progress {
  private readonly bar: SingleBar;

  constructor(total: number, stream: NodeJS.WriteStream) {
    const format = '  {bar} {percentage}% | {value}/{total} tasks | {duration_formatted}';
    this.bar = new SingleBar({ format, stream, hideCursor: true, fps: 5 }, Presets.shades_classic);
    this.bar.start(total, 0);
  }

  update(done: number): void {
    this.bar.update(done);
  }

  stop(): void {
    this.bar.stop();
  }
}

class LineProgress implements Progress {
  private tenths = 0;

  constructor(
    private readonly total: number,
    private readonly stream: NodeJS.WritableStream,
  ) {}

  update(done: number): void {
    const tenths = Math.floor((done / this.total) * 10);
    if (tenths <= this.tenths) return;
    this.tenths = tenths;
    this.stream.write(`  ${done}/${this.total} tasks\n`);
  }

  stop(): void {
    // Every line is complete: nothing to finish.
  }
}
