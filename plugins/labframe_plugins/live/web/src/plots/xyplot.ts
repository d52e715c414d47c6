// A plot of xy data, such as a spectrum: y over x, in the order of the measurement.

import uPlot from "uplot";
import { plain } from "../format";
import type { Channel, Mark } from "../model";
import { ask } from "../server";
import { list, thing } from "../wire";
import type { Arrangement } from "./arrangement";
import { numberAxis } from "./axes";
import { rangeOf, scalesOf, sizeOf, type Figure, type ScaleOf } from "./figure";
import { ink, onScheme } from "./ink";
import type { Place } from "./timeplot";

const MOST_POINTS = 100_000;

export class XyPlot implements Figure {
  readonly root: HTMLElement;
  private plot: uPlot;
  private colours = ink();
  private curves: [number[], number[]][];
  private readonly scales: ScaleOf;
  private readonly ends: (() => void)[];
  private isDirty = true;
  private snapshots = -1;

  constructor(private readonly channels: Channel[], private readonly arrangement: Arrangement, place: HTMLElement, private readonly at: Place) {
    this.root = place;
    this.curves = channels.map(() => [[], []]);
    this.scales = scalesOf(channels, arrangement.own);
    this.plot = this.make();
    this.ends = channels.map((channel, index) => at.store.listen(channel.key, (pairs) => this.hear(index, pairs)));
    this.ends.push(onScheme(() => this.remake()));
  }

  private make(): uPlot {
    const { log } = this.arrangement;
    const { names, units, of } = this.scales;
    const scales: uPlot.Scales = { x: { time: false, range: tight } };
    for (const name of names) scales[name] = { distr: log ? 3 : 1, range: rangeOf(log) };
    const series = this.channels.map((channel, index): uPlot.Series => ({
      label: channel.codename, stroke: this.colours.series[index % 8] ?? "", width: 1.5, paths: pathsOf(log),
      facets: [{ scale: "x", auto: true }, { scale: names[of[index] ?? 0] ?? "", auto: true }],
    }));
    const axes = names.map((name, index) => numberAxis(name, units[index] ?? null, index % 2 ? 1 : 3, index === 0, log, this.colours));
    return new uPlot({
      ...sizeOf(this.root), mode: 2, scales, series: [{}, ...series], axes: [numberAxis("x", null, 2, true, false, this.colours), ...axes],
      legend: { show: false }, padding: [10, names.length > 1 ? 0 : 12, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { show: false }, dataIdx: () => null as unknown as number },
      hooks: { setCursor: [() => this.tellCursor()] },
    }, this.data(), this.root);
  }

  private data(): uPlot.AlignedData {
    return [null, ...this.curves] as unknown as uPlot.AlignedData;
  }

  private remake(): void {
    this.colours = ink();
    this.plot.destroy();
    this.plot = this.make();
    this.isDirty = true;
    this.at.redraw();
  }

  private hear(index: number, pairs: unknown[] | null): void {
    if (pairs) this.add(index, pairs);
    else this.curves[index] = [[], []];
    this.isDirty = true;
  }

  private add(index: number, pairs: unknown[]): void {
    const [x, y] = this.curves[index] as [number[], number[]];
    for (let at = 0; at + 1 < pairs.length && x.length < MOST_POINTS; at += 2) {
      if (typeof pairs[at] !== "number" || typeof pairs[at + 1] !== "number") continue;
      x.push(pairs[at] as number);
      y.push(pairs[at + 1] as number);
    }
  }

  load(): void {
    this.snapshots = -1;
  }

  /** Fetches the whole measurement so far; a live value that comes meanwhile is part of it. */
  private async fetch(): Promise<void> {
    try {
      const answer = await ask("recent", this.channels.map((channel): [string, string] => ["codename", channel.key]));
      this.channels.forEach((channel, index) => {
        this.curves[index] = [[], []];
        this.add(index, list(thing(answer["points"])[channel.key]));
      });
      this.at.note("");
    } catch (error) {
      this.at.note(`No points yet: ${error instanceof Error ? error.message : "the live server does not answer"}`);
    }
    this.isDirty = true;
    this.at.redraw();
  }

  draw(): void {
    if (this.snapshots !== this.at.store.snapshots) {
      this.snapshots = this.at.store.snapshots;
      void this.fetch();
    }
    if (!this.isDirty) return;
    this.isDirty = false;
    this.plot.setData(this.data());
  }

  private tellCursor(): void {
    const { left = -1 } = this.plot.cursor;
    if (left < 0) {
      this.at.readOut(null, "");
      return;
    }
    const wanted = this.plot.posToVal(left, "x");
    const values = this.curves.map(([x, y]) => y[nearestTo(x, wanted)]);
    this.at.readOut(values, `x = ${plain(Number(wanted.toPrecision(5)))}`);
  }

  resize(): void {
    this.plot.setSize(sizeOf(this.root));
  }

  destroy(): void {
    for (const end of this.ends) end();
    this.plot.destroy();
  }

  /** What is over x is not over time. */
  marks(): Mark[] {
    return [];
  }

  canvas(): HTMLCanvasElement {
    return this.plot.ctx.canvas;
  }

  rows(): (string | number)[][] {
    const found: (string | number)[][] = [["codename", "x", "y"]];
    this.channels.forEach(({ codename }, index) => {
      const [x, y] = this.curves[index] as [number[], number[]];
      x.forEach((value, row) => found.push([codename, value, y[row] ?? ""]));
    });
    return found;
  }
}

function tight(_plot: uPlot, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  return high > low ? [low, high] : [low - 1, high + 1];
}

function nearestTo(x: number[], wanted: number): number {
  let best = 0;
  for (let index = 1; index < x.length; index++) {
    if (Math.abs((x[index] ?? 0) - wanted) < Math.abs((x[best] ?? 0) - wanted)) best = index;
  }
  return best;
}

/** Returns what joins points in the order in which they were measured, also where x goes back. */
function pathsOf(isLog: boolean): uPlot.Series.PathBuilder {
  return (plot, index) => {
    const stroke = new Path2D();
    const [xs, ys] = plot.data[index] as unknown as [number[], number[]];
    const scale = plot.series[index]?.facets?.[1]?.scale ?? "y";
    xs.forEach((x, row) => {
      const y = ys[row] ?? 0;
      if (!isLog || y > 0) stroke.lineTo(plot.valToPos(x, "x", true), plot.valToPos(y, scale, true));
    });
    return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 } as unknown as uPlot.Series.Paths;
  };
}
