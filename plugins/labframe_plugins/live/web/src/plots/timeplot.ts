// A plot over time: history scrolled in, live values added.

import uPlot from "uplot";
import { iso, moment } from "../format";
import type { Channel, Mark } from "../model";
import type { Store } from "../store";
import type { Arrangement, Span } from "./arrangement";
import { numberAxis, timeAxis } from "./axes";
import { rangeOf, scalesOf, sizeOf, type Figure, type ReadOut, type ScaleOf } from "./figure";
import { historyOf } from "./history";
import { dashOf, ink, onScheme } from "./ink";
import { drawBand, drawMarks, sentence, widen } from "./overlay";
import { Table } from "./table";

/** What a plot asks of the view that it is in. */
export interface Place {
  readonly store: Store;
  readonly window: Span;
  redraw(): void;
  /** Shows another time: from, until (unix time, s). */
  zoom(since: number, until: number): void;
  readOut: ReadOut;
  note(text: string): void;
}

const MOST_BUCKETS = 1500;
/** After a change of the time the history is asked for when it rests, ms. */
const REST_MS = 120;
/** A line of more points is drawn as a hairline: without a graphics card that takes a third of the time. */
const MANY_ROWS = 1500;
/** Command marks nearer to the cursor than this are read out, px. */
const NEAR_PX = 6;

export class TimePlot implements Figure {
  readonly root: HTMLElement;
  private plot: uPlot;
  private colours = ink();
  private table: Table;
  private bucketS = 0;
  private past: Mark[] = [];
  private loadedAt = -Infinity;
  private asked: AbortController | null = null;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private readonly scales: ScaleOf;
  private readonly ends: (() => void)[];
  /** What came while the history was on its way. */
  private late: [number, number, number | null][] | null = null;
  private isDirty = true;
  private snapshots: number;

  constructor(private readonly channels: Channel[], private readonly arrangement: Arrangement, place: HTMLElement, private readonly at: Place) {
    this.root = place;
    this.table = new Table(channels.length, arrangement.log);
    this.scales = scalesOf(channels, arrangement.own);
    this.snapshots = at.store.snapshots;
    this.plot = this.make();
    this.ends = channels.map((channel, index) => at.store.listen(channel.key, (pairs) => this.hear(index, pairs)));
    this.ends.push(onScheme(() => this.remake()));
    this.load(0);
  }

  private make(): uPlot {
    const { log } = this.arrangement;
    const { names, units, of } = this.scales;
    const scales: uPlot.Scales = { x: { time: true, auto: false } };
    names.forEach((name, index) => { scales[name] = { distr: log ? 3 : 1, range: rangeOf(log, () => this.bandLimits(index)) }; });
    const series = this.channels.map((channel, index): uPlot.Series => ({
      label: channel.codename, scale: names[of[index] ?? 0] ?? "y", stroke: this.colours.series[index % 8] ?? "", width: 1.5,
      dash: dashOf(index), points: { show: (plot, one) => isSparse(plot, one) },
    }));
    const axes = names.map((name, index) => numberAxis(name, units[index] ?? null, index % 2 ? 1 : 3, index === 0, log, this.colours));
    return new uPlot({
      ...sizeOf(this.root), scales, series: [{}, ...series], axes: [timeAxis(this.colours), ...axes],
      legend: { show: false }, padding: [10, names.length > 1 ? 0 : 12, 0, 0],
      cursor: { sync: { key: "time", setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      hooks: {
        setCursor: [() => this.tellCursor()],
        setSelect: [(plot) => this.takeSelection(plot)],
        drawAxes: [() => this.drawBands()],
        draw: [(plot) => drawMarks(plot, this.marks(), this.colours)],
      },
    }, this.table.data, this.root);
  }

  private remake(): void {
    this.colours = ink();
    this.plot.destroy();
    this.plot = this.make();
    this.isDirty = true;
    this.at.redraw();
  }

  marks(): Mark[] {
    const { min: since = -Infinity, max: until = Infinity } = this.plot.scales["x"] ?? {};
    const hosts = new Set(this.channels.map((channel) => channel.host));
    const newest = this.past.at(-1)?.time ?? -Infinity;
    const fresh = this.at.store.marks.filter((mark) => mark.time > newest);
    return [...this.past, ...fresh].filter((mark) => hosts.has(mark.host) && mark.time >= since && mark.time <= until);
  }

  /** Returns what is lowest and highest in the bands of a scale, within the time that is seen. */
  private bandLimits(scale: number): [number, number] {
    const { min: since = -Infinity, max: until = Infinity } = this.plot?.scales["x"] ?? {};
    const limits: [number, number] = [Infinity, -Infinity];
    this.table.bands.forEach((band, index) => {
      if (this.scales.of[index] === scale && band) widen(limits, band, since, until, this.arrangement.log);
    });
    return limits;
  }

  private drawBands(): void {
    const { names, of } = this.scales;
    this.table.bands.forEach((band, index) => {
      const longest = Math.max(3 * this.bucketS, 3 * (this.channels[index]?.staleAfter ?? 0));
      if (band) drawBand(this.plot, band, names[of[index] ?? 0] ?? "", this.colours.series[index % 8] ?? "", longest);
    });
  }

  private hear(index: number, pairs: unknown[] | null): void {
    if (!pairs || this.at.window.until !== null) return;
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const [t, y] = [pairs[at], pairs[at + 1]];
      if (typeof t !== "number") continue;
      const value = typeof y === "number" ? y : null;
      this.late?.push([index, t, value]);
      this.table.push(index, t, value, this.longest(index));
    }
    this.isDirty = true;
  }

  /** Returns the longest time between two points that a line joins, s. */
  private longest(index: number): number {
    return Math.max(3 * this.bucketS, this.channels[index]?.staleAfter ?? 60);
  }

  /** Asks for the history of the present window, when it rests. */
  load(pause = REST_MS): void {
    clearTimeout(this.rest);
    this.asked?.abort();
    this.isDirty = true;
    this.rest = setTimeout(() => void this.fetch(), pause);
  }

  private async fetch(): Promise<void> {
    const { span, until } = this.at.window;
    const end = until ?? this.at.store.now();
    const asked = new AbortController();
    this.asked = asked;
    this.late = [];
    this.loadedAt = performance.now();
    const buckets = Math.min(MOST_BUCKETS, Math.max(100, sizeOf(this.root).width));
    try {
      const stale = this.channels.map((channel) => channel.staleAfter);
      const keys = this.channels.map((channel) => channel.key);
      const history = await historyOf(keys, stale, end - span, end + 1, buckets, asked.signal);
      this.bucketS = history.bucketS;
      this.past = history.marks;
      this.table = Table.of(history.pasts, this.arrangement.log);
      for (const [index, t, y] of this.late) if (t > this.table.newestOf(index)) this.table.push(index, t, y, this.longest(index));
      this.at.note(history.note);
    } catch (error) {
      if (asked.signal.aborted) return;
      this.at.note(`No history: ${error instanceof Error ? error.message : "the live server does not answer"}`);
    }
    if (this.asked === asked) this.late = null;
    this.isDirty = true;
    this.at.redraw();
  }

  draw(): void {
    if (this.snapshots !== this.at.store.snapshots) {
      this.snapshots = this.at.store.snapshots;
      this.load();
    }
    const { span, until } = this.at.window;
    this.refresh(span, until);
    const scale = this.plot.scales["x"];
    const end = until ?? this.at.store.now();
    // A picture moves when something came, or when it would be a pixel behind.
    const pixel = span / Math.max(1, this.plot.width);
    if (!this.isDirty && Math.abs((scale?.max ?? 0) - end) < Math.max(pixel, 0.2)) return;
    this.isDirty = false;
    if (until === null) this.table.trim(end - span * 1.05);
    const width = this.table.rows > MANY_ROWS ? 1 : 1.5;
    for (const series of this.plot.series.slice(1)) series.width = width;
    this.plot.batch(() => {
      this.plot.setData(this.table.data, false);
      this.plot.setScale("x", { min: end - span, max: end });
    });
    this.tellCursor();
  }

  /** Means of spans are made anew now and then: live values are added to them one by one. */
  private refresh(span: number, until: number | null): void {
    if (until !== null || this.bucketS === 0 || this.late) return;
    if (performance.now() - this.loadedAt > Math.max(10, span / 100) * 1000) this.load(0);
  }

  private takeSelection(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const since = plot.posToVal(left, "x");
    const until = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.at.zoom(since, until);
  }

  private tellCursor(): void {
    const { idx, left } = this.plot.cursor;
    if (typeof idx !== "number" || left === undefined || left < 0) {
      this.at.readOut(null, "");
      return;
    }
    const [x, ...columns] = this.table.data;
    const values = columns.map((column) => nearest(column as ArrayLike<unknown>, idx));
    const near = this.marks().find((mark) => Math.abs(this.plot.valToPos(mark.time, "x") - left) < NEAR_PX);
    const place = near ? `${moment(near.time)} · ${sentence(near)}` : moment(x?.[idx] ?? 0);
    this.at.readOut(values, place);
  }

  resize(): void {
    this.plot.setSize(sizeOf(this.root));
  }

  destroy(): void {
    clearTimeout(this.rest);
    this.asked?.abort();
    for (const end of this.ends) end();
    this.plot.destroy();
  }

  canvas(): HTMLCanvasElement {
    return this.plot.ctx.canvas;
  }

  rows(): (string | number)[][] {
    const [x, ...columns] = this.table.data;
    const low = this.plot.scales["x"]?.min ?? -Infinity;
    const high = this.plot.scales["x"]?.max ?? Infinity;
    const found: (string | number)[][] = [["time", "unix_time_s", ...this.channels.flatMap((channel, index) => this.titles(channel, index))]];
    const bands = this.table.bands.map((band) => band && new Map(band.t.map((t, at) => [t, [band.low[at], band.high[at]] as const])));
    for (let row = 0; row < (x?.length ?? 0); row++) {
      const t = x?.[row] ?? 0;
      const values = columns.map((column) => (column as ArrayLike<unknown>)[row]);
      if (t < low || t > high || values.every((value) => typeof value !== "number")) continue;
      const cells = values.flatMap((value, index) => {
        const limits = bands[index]?.get(t);
        return bands[index] ? [cell(value), cell(limits?.[0]), cell(limits?.[1])] : [cell(value)];
      });
      found.push([iso(t), t, ...cells]);
    }
    return found;
  }

  private titles(channel: Channel, index: number): string[] {
    const title = `${channel.codename}${channel.unit && channel.unit !== "1" ? ` [${channel.unit}]` : ""}`;
    return this.table.bands[index] ? [`${title} mean`, `${title} low`, `${title} high`] : [title];
  }
}

function cell(value: unknown): string | number {
  return typeof value === "number" ? value : "";
}

/** Returns the value at a row, or the nearest one: rows may be another codename's. */
function nearest(column: ArrayLike<unknown>, row: number): unknown {
  for (let away = 0; away < 50; away++) {
    for (const one of [row - away, row + away]) if (column[one] !== undefined) return column[one];
  }
  return undefined;
}

/** Points that are far apart are shown as points: one alone would not be seen. */
function isSparse(plot: uPlot, index: number): boolean {
  const column = plot.data[index] as ArrayLike<unknown>;
  if (column.length > 400) return false;
  const rows = Array.from(column.length ? plot.data[0] : []).filter((_, row) => typeof column[row] === "number");
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return false;
  return rows.length === 1 || (plot.valToPos(last, "x") - plot.valToPos(first, "x")) / (rows.length - 1) > 12;
}
