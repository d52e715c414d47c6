// What is drawn into a time plot beside its lines: bands from lowest to highest, and commands.

import type uPlot from "uplot";
import type { Mark } from "../model";
import type { Ink } from "./ink";
import type { Band } from "./table";

/** Fills between what was lowest and highest in each span of time. */
export function drawBand(plot: uPlot, band: Band, scale: string, colour: string, longest: number): void {
  const { ctx } = plot;
  const low = plot.scales["x"]?.min ?? -Infinity;
  const high = plot.scales["x"]?.max ?? Infinity;
  ctx.save();
  clip(plot);
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.2;
  let start = 0;
  for (let index = 1; index <= band.t.length; index++) {
    const joined = index < band.t.length && (band.t[index] ?? 0) - (band.t[index - 1] ?? 0) <= longest;
    if (joined) continue;
    if ((band.t[index - 1] ?? 0) >= low && (band.t[start] ?? 0) <= high) fill(plot, band, scale, start, index);
    start = index;
  }
  ctx.restore();
}

/** Widens limits by a band, within a time; below 0 nothing is on a logarithmic axis. */
export function widen(limits: [number, number], band: Band, since: number | undefined, until: number | undefined, isLog: boolean): void {
  band.t.forEach((t, index) => {
    const [low, high] = [band.low[index] ?? Infinity, band.high[index] ?? -Infinity];
    if (t < (since ?? -Infinity) || t > (until ?? Infinity) || (isLog && low <= 0)) return;
    limits[0] = Math.min(limits[0], low);
    limits[1] = Math.max(limits[1], high);
  });
}

function fill(plot: uPlot, { t, low, high }: Band, scale: string, start: number, end: number): void {
  const path = new Path2D();
  const at = (value: number | undefined, which: string): number => plot.valToPos(value ?? 0, which, true);
  for (let index = start; index < end; index++) path.lineTo(at(t[index], "x"), at(high[index], scale));
  for (let index = end - 1; index >= start; index--) path.lineTo(at(t[index], "x"), at(low[index], scale));
  path.closePath();
  plot.ctx.fill(path);
}

/** Draws a line with a foot for each command; what was not executed is dotted. */
export function drawMarks(plot: uPlot, marks: Mark[], ink: Ink): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  clip(plot);
  ctx.strokeStyle = ctx.fillStyle = ink.mark;
  ctx.lineWidth = ratio;
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.time, "x", true)) + 0.5;
    const { top, height, left, width } = plot.bbox;
    if (x < left || x > left + width) continue;
    const isDone = mark.outcome === "done";
    ctx.setLineDash(isDone ? [] : [2 * ratio, 3 * ratio]);
    ctx.globalAlpha = 0.6;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x - 4 * ratio, top);
    ctx.lineTo(x + 4 * ratio, top);
    ctx.lineTo(x, top + 6 * ratio);
    ctx.closePath();
    if (isDone) ctx.fill();
    else ctx.stroke();
  }
  ctx.restore();
}

function clip(plot: uPlot): void {
  const { left, top, width, height } = plot.bbox;
  plot.ctx.beginPath();
  plot.ctx.rect(left, top, width, height);
  plot.ctx.clip();
}

/** Returns what a command did, in one line. */
export function sentence(mark: Mark): string {
  const values = Object.entries(mark.arguments).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const result = mark.outcome === "done" ? "" : `: ${mark.outcome} (${mark.answer})`;
  return `${[mark.method, ...values].join(" ")}${result}`;
}
