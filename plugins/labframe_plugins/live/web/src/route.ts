// What is shown stands in the address, after the #, so that a view can be kept and sent to somebody.

export const VIEWS = ["overview", "plots", "control", "health"] as const;
export type View = (typeof VIEWS)[number];

/** The view, and what it keeps in the address. */
export interface Route {
  view: View;
  query: URLSearchParams;
}

/** Returns what an address shows; what it does not understand is the overview. */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const view = VIEWS.find((one) => one === path) ?? "overview";
  return { view, query: new URLSearchParams(query) };
}

/** Returns the address of a view. */
export function hashOf(view: View, query: URLSearchParams): string {
  // Commas, colons and slashes may stand in a fragment as they are, and then people can read it.
  const text = query.toString().replace(/%3A/g, ":").replace(/%2C/g, ",").replace(/%2F/g, "/");
  return `#/${view}${text ? `?${text}` : ""}`;
}

/** Writes what the present view shows into the address, without a step in the browser's history. */
export function keep(view: View, query: URLSearchParams): void {
  const wanted = hashOf(view, query);
  if (location.hash !== wanted && routeOf(location.hash).view === view) history.replaceState(null, "", wanted);
}

/** Returns a list that the address keeps, each of its texts escaped. */
export function listOf(query: URLSearchParams, key: string): string[] {
  return (query.get(key) ?? "").split(",").filter(Boolean).map(unescaped);
}

/** Returns a list as it is kept in the address. */
export function listText(texts: Iterable<string>): string {
  return [...texts].map(escaped).join(",");
}

/** Escapes the signs that separate things in an address. */
export function escaped(text: string): string {
  return text.replace(/[%,;|~]/g, (sign) => encodeURIComponent(sign).replace("~", "%7E"));
}

/** The reverse of `escaped`; what was not escaped properly is left as it is. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
