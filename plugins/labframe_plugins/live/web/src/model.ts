// What the page knows of the laboratory.

import type { Course } from "./course";

/** How far a value can be trusted. */
export type Quality = "ok" | "old" | "error" | "disconnected" | "never";

/** A codename of a host, with its newest point. */
export interface Channel {
  /** `HOST:CODENAME`: what it is called in the address and by the server. */
  readonly key: string;
  readonly host: string;
  readonly codename: string;
  instrument: string | null;
  label: string;
  unit: string | null;
  kind: "date" | "data";
  /** Seconds after which a value is old; null if nobody knows. */
  staleAfter: number | null;
  /** Whether it is read only when somebody asks. */
  onDemand: boolean;
  x: number | null;
  y: unknown;
  quality: Quality;
  /** When its value was measured, on the page's own clock (`performance.now`), ms; null: never. */
  measured: number | null;
  /** The last minutes, for the sparkline. */
  readonly course: Course;
  /** Grows with each change that shows. */
  revision: number;
}

/** An instrument, or a producer, of a host. */
export interface Instrument {
  readonly name: string;
  driver: string;
  label: string;
  doc: string;
  state: string;
  /** When this state began, on the page's own clock, ms. */
  since: number | null;
  error: string | null;
  identity: string | null;
  port: string | null;
  reconnects: number | null;
  polls: number | null;
  failures: number | null;
  lateMs: number | null;
  methods: Method[];
}

/** A command, as its host describes it. */
export interface Method {
  readonly method: string;
  readonly kind: "command" | "reading";
  readonly label: string;
  readonly doc: string;
  readonly arguments: Schema;
  readonly returns: Schema | null;
  readonly dangerous: boolean;
  /** What its output would be set to when it must be safe; undefined if it has none. */
  readonly safeValue: unknown;
  /** The codename that tells what was set; null if there is none. */
  readonly readBack: string | null;
}

/** The part of JSON Schema that commands are described with; `unit` is the host's own word. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  title?: string;
  description?: string;
  unit?: string;
}

/** A consumer of readings within a host. */
export interface Sink {
  readonly name: string;
  readonly queued: number;
  readonly dropped: number;
  readonly error: string | null;
}

/** A host: labframe's, or an original's, of which there is little to know. */
export interface Host {
  /** What the server and the address call it. */
  readonly key: string;
  /** What it calls itself. */
  name: string;
  original: boolean;
  version: string | null;
  alive: boolean;
  /** When it was last heard of, on the page's own clock, ms. */
  heard: number;
  /** Why no commands can be sent to it through this server; null if they can. */
  noCommands: string | null;
  history: boolean;
  problems: string[];
  sinks: Sink[];
  readonly instruments: Map<string, Instrument>;
  readonly channels: Map<string, Channel>;
}

/** A command that a host executed or refused: a mark on the plots. */
export interface Mark {
  readonly host: string;
  readonly time: number;
  readonly method: string;
  readonly arguments: Record<string, unknown>;
  readonly outcome: string;
  readonly answer: string;
  readonly sender: string;
  readonly id: string;
}

const ORDER = new Intl.Collator("en", { numeric: true });

/** Orders codenames as people look for them, always the same: `gauge_2` before `gauge_10`. */
export function byName(a: Channel, b: Channel): number {
  return ORDER.compare(a.host, b.host) || ORDER.compare(a.codename, b.codename);
}

/** Returns a value's age in seconds; null if there is none. */
export function ageOf(channel: Channel, now = performance.now()): number | null {
  return channel.measured === null ? null : Math.max(0, (now - channel.measured) / 1000);
}

/** Returns how far a value can be trusted now: what nobody refreshes becomes old by itself. */
export function qualityOf(channel: Channel, now = performance.now()): Quality {
  if (channel.quality !== "ok") return channel.quality;
  const age = ageOf(channel, now);
  return age !== null && channel.staleAfter !== null && age > channel.staleAfter ? "old" : "ok";
}

/** Tells whether something is wrong with a value: one that nobody has asked for yet is well. */
export function isTroubled(channel: Channel, now: number): boolean {
  const quality = qualityOf(channel, now);
  return quality !== "ok" && !(quality === "never" && channel.onDemand);
}

/** Returns the commands of a host, with what each belongs to. */
export function* commandsOf(host: Host): Generator<[Instrument, Method]> {
  for (const instrument of host.instruments.values()) {
    for (const method of instrument.methods) if (method.kind === "command") yield [instrument, method];
  }
}
