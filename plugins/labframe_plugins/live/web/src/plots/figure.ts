// What time plots and xy plots have in common.

import type uPlot from "uplot";
import type { Channel, Mark } from "../model";
import { plain, unitText } from "../format";

/** One drawn plot. */
export interface Figure {
  readonly root: HTMLElement;
  /** Draws what has come. */
  draw(): void;
  /** Fits it to its place. */
  resize(): void;
  destroy(): void;
  /** Returns the commands within the time that is seen. */
  marks(): Mark[];
  /** Returns what is seen, as a picture's canvas. */
  canvas(): HTMLCanvasElement;
  /** Returns what is seen, as the rows of a table. */
  rows(): (string | number)[][];
}

/** Shows what stands under the cursor: a value for each codename, and the place; null: there is no cursor. */
export type ReadOut = (values: unknown[] | null, place: string) => void;

/** Which scale a codename is on. */
export interface ScaleOf {
  /** Names of the scales, in the order of their axes. */
  names: string[];
  units: (string | null)[];
  /** Of each codename: the index of its scale. */
  of: number[];
}

/** Returns the scales of codenames: one for each unit, or for each codename. */
export function scalesOf(channels: Channel[], own: boolean): ScaleOf {
  const found: ScaleOf = { names: [], units: [], of: [] };
  channels.forEach((channel, index) => {
    const name = own ? `y${index}` : `y ${channel.unit ?? "?"}`;
    let at = found.names.indexOf(name);
    if (at < 0) at = found.names.push(name) - 1;
    found.units[at] = channel.unit;
    found.of.push(at);
  });
  return found;
}

/** Returns a range that never is empty, and is positive where it is logarithmic; `beside` must fit in, too. */
export function rangeOf(isLog: boolean, beside: () => [number, number] = () => [Infinity, -Infinity]): uPlot.Scale.Range {
  return (_plot, lowest, highest) => {
    const [least, most] = beside();
    const low = Math.min(lowest ?? Infinity, least);
    const high = Math.max(highest ?? -Infinity, most);
    if (!Number.isFinite(low) || !Number.isFinite(high)) return isLog ? [1e-3, 1] : [0, 1];
    if (isLog) {
      const bottom = 10 ** Math.floor(Math.log10(low));
      const top = 10 ** Math.ceil(Math.log10(high));
      return top / bottom > 3 && high / low > 3 ? [bottom, top] : [low / 1.6, high * 1.6];
    }
    const room = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.05 || 1;
    return [low - room, high + room];
  };
}

export function withUnit(value: unknown, unit: string | null): string {
  const text = unitText(unit);
  return value === null || value === undefined ? "–" : `${plain(value)}${text ? ` ${text}` : ""}`;
}

/** Returns how tall and wide a plot is in its place, px. */
export function sizeOf(place: HTMLElement): { width: number; height: number } {
  return { width: Math.max(200, Math.floor(place.clientWidth)), height: Math.max(120, Math.floor(place.clientHeight)) };
}
