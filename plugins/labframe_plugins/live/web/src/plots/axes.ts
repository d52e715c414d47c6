// Axes of plots: times as a laboratory writes them, numbers short.

import type uPlot from "uplot";
import { unitText } from "../format";
import type { Ink } from "./ink";

const pad = (value: number): string => String(value).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Returns the texts of a time axis: 24 hours, with the day where another one begins. */
function timeTexts(_plot: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  let day = "";
  return splits.map((time, index) => {
    const when = new Date(time * 1000);
    const date = `${when.getDate()} ${MONTHS[when.getMonth()]}`;
    const year = step >= 28 * 86400 ? ` ${when.getFullYear()}` : "";
    if (step >= 86400) return `${date}${year}`;
    const clock = `${pad(when.getHours())}:${pad(when.getMinutes())}`;
    const exact = step < 1 ? `:${pad(when.getSeconds())}.${Math.floor(when.getMilliseconds() / 100)}` : `:${pad(when.getSeconds())}`;
    const isOther = day !== "" && date !== day;
    day = date;
    return `${clock}${step < 60 ? exact : ""}${isOther && index ? `\n${date}` : ""}`;
  });
}

function numberTexts(_plot: uPlot, splits: (number | null)[]): (string | null)[] {
  return splits.map((value) => (value === null || value === undefined ? null : tick(value)));
}

/** Returns a number as short as an axis needs it. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential().replace("e+", "e").replace("-", "−").replace("e-", "e−");
  return String(Number(value.toPrecision(8))).replace("-", "−");
}

function look(ink: Ink): Partial<uPlot.Axis> {
  return {
    stroke: ink.text, font: ink.font, labelFont: ink.font, labelGap: 0, labelSize: 16,
    ticks: { stroke: ink.faint, width: 1, size: 4 }, grid: { stroke: ink.faint, width: 1 },
  };
}

/** Lengths that people count time in, s; uPlot's own leave holes. */
const STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  ...[1, 2, 3, 7, 14, 28, 56, 92, 184, 365, 730, 1825, 3650].map((days) => days * 86400),
];

/** Of a logarithmic axis only whole powers of ten have a line. */
function powersOfTen(_plot: uPlot, splits: number[]): (number | null)[] {
  return splits.map((value) => (Number.isInteger(Number(Math.log10(value).toFixed(9))) ? value : null));
}

export function timeAxis(ink: Ink): uPlot.Axis {
  return { ...look(ink), values: timeTexts as uPlot.Axis.Values, incrs: STEPS, space: 76,
    size: (_plot, texts) => (texts?.some((one) => one?.includes("\n")) ? 42 : 30) };
}

export function numberAxis(scale: string, unit: string | null, side: 1 | 2 | 3, isFirst: boolean, isLog: boolean, ink: Ink): uPlot.Axis {
  const text = unitText(unit);
  return {
    ...look(ink), scale, side, values: numberTexts as uPlot.Axis.Values, space: side === 2 ? 70 : 34,
    size: side === 2 ? 30 : (_plot, values) => 16 + 6.4 * Math.max(3, ...(values ?? []).map((value) => String(value ?? "").length)),
    ...(text ? { label: text } : {}),
    grid: { show: isFirst || side === 2, stroke: ink.faint, width: 1, ...(isLog ? { filter: powersOfTen } : {}) },
    ticks: { stroke: ink.faint, width: 1, size: 4, ...(isLog ? { filter: powersOfTen } : {}) },
  };
}
