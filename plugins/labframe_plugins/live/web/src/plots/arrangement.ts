// Which codenames are plotted together, and how: as it stands in the address.

import { byName, type Channel } from "../model";
import { escaped, unescaped } from "../route";

/** What one plot shows. */
export interface Arrangement {
  keys: string[];
  /** Logarithmic, as pressures are looked at. */
  log: boolean;
  /** Each codename on an axis of its own, also where units are the same. */
  own: boolean;
}

/** Which time is shown: the last `span` seconds until now, or until a moment (unix time, s). */
export interface Span {
  span: number;
  until: number | null;
}

export const DEFAULT_SPAN = 600;
export const SHORTEST_SPAN = 1;
export const LONGEST_SPAN = 20 * 366 * 86400;

/** Returns the plots of an address; null if it does not name any. */
export function arrangementsOf(query: URLSearchParams): Arrangement[] | null {
  const texts = query.getAll("p");
  if (!texts.length) return null;
  return texts.map((text) => {
    const [keys = "", ...options] = text.split(";");
    return { keys: keys.split(",").filter(Boolean).map(unescaped), log: options.includes("log"), own: options.includes("own") };
  });
}

/** Returns the time of an address. */
export function spanOf(query: URLSearchParams): Span {
  const span = Number(query.get("span"));
  const until = Number(query.get("until"));
  return { span: span > 0 ? clamp(span) : DEFAULT_SPAN, until: until > 0 ? until : null };
}

/** Returns how plots and time stand in the address. */
export function queryOf(arrangements: Arrangement[] | null, { span, until }: Span): URLSearchParams {
  const query = new URLSearchParams();
  for (const { keys, log, own } of arrangements ?? []) {
    query.append("p", [keys.map(escaped).join(","), ...(log ? ["log"] : []), ...(own ? ["own"] : [])].join(";"));
  }
  if (span !== DEFAULT_SPAN) query.set("span", String(Number(span.toPrecision(6))));
  if (until !== null) query.set("until", String(Number(until.toFixed(1))));
  return query;
}

export function clamp(span: number): number {
  return Math.min(Math.max(span, SHORTEST_SPAN), LONGEST_SPAN);
}

const PRESSURES = /^(m|µ|u|n|h|k|M)?(bar|Pa|Torr)$/i;
const MOST = 8;
const MOST_TOGETHER = 6;

/** Returns plots for who has chosen none: what has one unit goes together, instrument by instrument. */
export function proposal(channels: Iterable<Channel>): Arrangement[] {
  const groups = new Map<string, Channel[]>();
  for (const channel of [...channels].sort(byName)) {
    if (typeof channel.y !== "number") continue;
    const group = JSON.stringify([channel.host, channel.instrument, channel.kind, channel.unit ?? channel.codename]);
    const members = groups.get(group) ?? [];
    if (members.length < MOST_TOGETHER) groups.set(group, [...members, channel]);
  }
  return [...groups.values()].slice(0, MOST).map((members) => ({
    keys: members.map((channel) => channel.key),
    log: members[0]?.kind === "date" && PRESSURES.test(members[0]?.unit ?? ""),
    own: false,
  }));
}
