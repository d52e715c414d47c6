// The points of one plot, as uPlot wants them: one column of times, one of values for each codename.

import uPlot from "uplot";

/** null: a gap, no line across it; undefined: another codename's time, the line goes on. */
export type Y = number | null | undefined;

/** The spans of time of a codename's history: what was lowest and highest in each. */
export interface Band {
  t: number[];
  low: number[];
  high: number[];
}

/** A codename's history: points, or the means of spans of time. */
export interface Past {
  t: number[];
  y: Y[];
  band: Band | null;
}

/** More rows than this are not kept: about a hundred points for each pixel. */
const MOST_ROWS = 120_000;

export class Table {
  private x: number[] = [];
  private columns: Y[][];
  /** Of each codename: its newest time. */
  private newest: number[];
  readonly bands: (Band | null)[];

  constructor(width: number, private readonly isLog: boolean) {
    this.columns = Array.from({ length: width }, () => []);
    this.newest = new Array<number>(width).fill(-Infinity);
    this.bands = new Array<Band | null>(width).fill(null);
  }

  /** Returns a table of histories, side by side. */
  static of(pasts: Past[], isLog: boolean): Table {
    const table = new Table(pasts.length, isLog);
    const single = pasts.map(({ t, y }): uPlot.AlignedData => [t, isLog ? y.map(positive) : y] as uPlot.AlignedData);
    const [x, ...columns] = single.length > 1 ? uPlot.join(single) : (single[0] ?? [[]]);
    table.x = Array.from(x as ArrayLike<number>);
    table.columns = columns.map((column) => Array.from(column as ArrayLike<Y>));
    pasts.forEach(({ t, band }, index) => {
      table.newest[index] = t.at(-1) ?? -Infinity;
      table.bands[index] = band;
    });
    return table;
  }

  get data(): uPlot.AlignedData {
    return [this.x, ...this.columns] as uPlot.AlignedData;
  }

  get rows(): number {
    return this.x.length;
  }

  newestOf(index: number): number {
    return this.newest[index] ?? -Infinity;
  }

  /** Adds a point; after more than `longest` seconds without one the line is broken. */
  push(index: number, t: number, y: number | null, longest: number): void {
    const before = this.newestOf(index);
    if (t < before) return;
    if (t - before > longest && Number.isFinite(before)) this.breakLine(index, before, t);
    this.put(index, t, this.isLog ? positive(y) : y);
    this.newest[index] = t;
    if (this.x.length > MOST_ROWS) this.dropBefore(this.x[this.x.length - Math.floor(MOST_ROWS * 0.9)] ?? 0);
  }

  /** Ends the line of a codename after its newest point. */
  private breakLine(index: number, before: number, t: number): void {
    const last = this.x.length - 1;
    if (last >= 0 && (this.x[last] ?? 0) > before) this.put(index, this.x[last] ?? 0, null);
    else this.put(index, (before + t) / 2, null);
  }

  private put(index: number, t: number, y: Y): void {
    const { x } = this;
    let row = x.length;
    while (row > 0 && (x[row - 1] ?? 0) > t) row--;
    if (row > 0 && x[row - 1] === t) {
      (this.columns[index] as Y[])[row - 1] = y;
      return;
    }
    // Nearly always at the end; codenames of several hosts may come in another order than they were measured.
    if (row === x.length) x.push(t);
    else x.splice(row, 0, t);
    this.columns.forEach((column, one) => {
      const value = one === index ? y : undefined;
      if (row === column.length) column.push(value);
      else column.splice(row, 0, value);
    });
  }

  /** Forgets what is before a time, when there is enough of it. */
  trim(time: number): void {
    const { x } = this;
    const quarter = Math.floor(x.length / 4);
    if (quarter > 50 && (x[quarter] ?? Infinity) < time) this.dropBefore(x[quarter] ?? 0);
  }

  private dropBefore(time: number): void {
    const first = this.x.findIndex((t) => t >= time);
    if (first <= 0) return;
    this.x.splice(0, first);
    for (const column of this.columns) column.splice(0, first);
  }
}

function positive(y: Y): Y {
  return typeof y === "number" && y <= 0 ? null : y;
}
