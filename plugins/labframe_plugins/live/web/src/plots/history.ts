// Asks for what was before: from the recorder, or from the server's memory.

import { ask } from "../server";
import { markOf } from "../store";
import type { Mark } from "../model";
import { list, numberOrNull, text, textOrNull, thing, type Thing } from "../wire";
import type { Past, Y } from "./table";

/** The history of a plot's codenames. */
export interface History {
  pasts: Past[];
  marks: Mark[];
  /** Length of the longest span of time that one point stands for, s; 0: all are points. */
  bucketS: number;
  /** Why there is less than was asked for, for people; empty if there is not. */
  note: string;
}

/** Returns the history of codenames from `since` to `until`, unix time in s. */
export async function historyOf(
  keys: string[], staleAfter: (number | null)[], since: number, until: number, buckets: number, signal: AbortSignal,
): Promise<History> {
  const query = keys.map((key): [string, string] => ["codename", key]);
  query.push(["since", since.toFixed(3)], ["until", until.toFixed(3)], ["buckets", String(buckets)]);
  const answer = await ask("history", query, signal);
  const series = list(answer["series"]).map(thing);
  const pasts = keys.map((_, index) => pastOf(series[index] ?? {}, staleAfter[index] ?? null, until));
  return {
    pasts,
    marks: list(answer["marks"]).map(markOf),
    bucketS: Math.max(0, ...series.map((one) => numberOrNull(one["bucket_s"]) ?? 0)),
    note: noteOf(series),
  };
}

function noteOf(series: Thing[]): string {
  const error = series.map((one) => textOrNull(one["error"])).find(Boolean);
  if (error) return error;
  const sources = new Set(series.map((one) => text(one["source"])));
  return sources.has("memory") ? "No recorder: only the last minutes are known." : "";
}

function pastOf(series: Thing, staleAfter: number | null, until: number): Past {
  const t = list(series["t"]) as number[];
  const y = list(series["mean"]) as number[];
  const bucketS = numberOrNull(series["bucket_s"]) ?? 0;
  const longest = Math.max(3 * bucketS, 3 * (staleAfter ?? Infinity));
  const gaps = list(series["gaps"]).map((gap): [number, number] => {
    const { since, until: end } = thing(gap) as { since?: number; until?: number | null };
    return [since ?? 0, end ?? until];
  });
  const band = bucketS > 0 ? { t, low: list(series["low"]) as number[], high: list(series["high"]) as number[] } : null;
  return { ...opened(t, y, gaps, longest), band };
}

/** Returns points with a null wherever no line may be drawn. */
function opened(t: number[], y: number[], gaps: [number, number][], longest: number): { t: number[]; y: Y[] } {
  const times: number[] = [];
  const values: Y[] = [];
  let gap = 0;
  t.forEach((time, index) => {
    const before = t[index - 1];
    while (gap < gaps.length && (gaps[gap]?.[1] ?? 0) <= (before ?? -Infinity)) gap++;
    const inGap = (gaps[gap]?.[0] ?? Infinity) < time;
    if (before !== undefined && (time - before > longest || inGap)) {
      times.push((before + time) / 2);
      values.push(null);
    }
    times.push(time);
    values.push(y[index] ?? null);
  });
  return { t: times, y: values };
}
