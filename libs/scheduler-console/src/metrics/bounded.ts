/** Values of a label, so many and no more: the rest is 'other'. */
export class BoundedLabels {
  private readonly known = new Set<string>();

  constructor(private readonly max: number) {}

  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.max) return 'other';
    this.known.add(value);
    return value;
  }
}

/** When things began, of so many at a time: what is beyond that is not measured. */
export class BoundedTimes {
  private readonly times = new Map<string, number>();

  constructor(private readonly max: number) {}

  begin(id: string, time: number): void {
    if (this.times.size < this.max || this.times.has(id)) this.times.set(id, time);
  }

  /** @returns ms since it began, 0 at least; null: it is not known when */
  end(id: string, time: number): number | null {
    const begun = this.times.get(id);
    this.times.delete(id);
    return begun === undefined ? null : Math.max(0, time - begun);
  }

  forget(id: string): void {
    this.times.delete(id);
  }
}
