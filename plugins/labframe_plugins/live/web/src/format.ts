// How values, ages and times are written.

import { brief, el } from "./element";

export type Value = unknown;

const DIGITS = 5;

/** Returns a value as plain text: for labels, CSV and screen readers. */
export function plain(value: Value): string {
  if (typeof value === "number") return number(value).join("e").replace("−", "-");
  if (value === null || value === undefined) return "–";
  return brief(typeof value === "string" ? value : JSON.stringify(value), 80);
}

/** Returns a value as it is set: powers of ten with a raised exponent. */
export function typeset(value: Value): (Node | string)[] {
  if (typeof value !== "number") return [plain(value)];
  const [mantissa, exponent] = number(value);
  if (exponent === undefined) return [mantissa];
  return [`${mantissa}\u2009×\u200910`, el("sup", {}, exponent.replace("-", "−"))];
}

/** Returns mantissa and, where it helps, exponent of a number. */
function number(value: number): [string] | [string, string] {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return [String(value)];
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [mantissa = "", exponent = ""] = value.toExponential(3).split("e");
    return [mantissa.replace("-", "−"), exponent.replace("+", "")];
  }
  // Zeros at the end stay where digits were cut off: so a number that moves keeps its width.
  const cut = value.toPrecision(DIGITS);
  const isWhole = Number.isInteger(value) || Number(cut) === value;
  return [(isWhole || cut.includes("e") ? String(value) : cut).replace("-", "−")];
}

/** Returns a unit as it is shown: what has no dimension has none. */
export function unitText(unit: string | null): string {
  return unit === null || unit === "1" ? "" : brief(unit, 24);
}

/** Returns an age in the largest unit in which it is at least 2. */
export function age(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return "never";
  if (seconds < 1) return "now";
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/** Returns the time of day of a unix time, with its date if that is not today's. */
export function moment(unix: number): string {
  const when = new Date(unix * 1000);
  const time = TIME.format(when);
  return when.toDateString() === new Date().toDateString() ? time : `${DAY.format(when)}, ${time}`;
}

/** Returns a unix time as ISO 8601, for files. */
export function iso(unix: number): string {
  return new Date(unix * 1000).toISOString();
}

const SPANS: [number, string][] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** Returns a length of time: `90 s` is `1.5 min`. */
export function span(seconds: number): string {
  const [length, name] = SPANS.find(([one]) => seconds >= one) ?? [1, "s"];
  return `${Number((seconds / length).toPrecision(3))} ${name}`;
}
