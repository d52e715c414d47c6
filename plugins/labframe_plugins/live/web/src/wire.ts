// What the live server sends. Nothing in it is believed: each key may be missing or of another type.

/** An object of which nothing is known. */
export type Thing = Record<string, unknown>;

export function thing(value: unknown): Thing {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Thing) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

export function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** Returns the entries of an object. */
export function entries(value: unknown): [string, unknown][] {
  return Object.entries(thing(value));
}
