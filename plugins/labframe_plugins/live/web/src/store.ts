// Keeps what the live server sent: hosts, instruments, codenames, marks.

import { Course } from "./course";
import type { Channel, Host, Instrument, Mark, Method, Quality, Schema, Sink } from "./model";
import { entries, list, numberOrNull, text, textOrNull, thing, type Thing } from "./wire";

/** Takes what comes for one codename, as x, y, x, y ...; null: it begins anew. */
export type PointListener = (pairs: unknown[] | null) => void;

const QUALITIES: readonly string[] = ["ok", "old", "error", "disconnected", "never"];
const MOST_MARKS = 1000;

/** What is known now, and who wants to hear of changes. */
export class Store {
  readonly hosts = new Map<string, Host>();
  readonly channels = new Map<string, Channel>();
  marks: Mark[] = [];
  health: Thing = {};
  /** Whether the server takes commands at all. */
  commands = false;
  version = "";
  /** Grows when hosts, instruments, codenames or commands come or go. */
  structure = 0;
  /** Grows with each snapshot: what was heard before may have a hole. */
  snapshots = 0;
  private serverTime = Date.now() / 1000;
  private serverTimeAt = performance.now();
  private readonly points = new Map<string, Set<PointListener>>();

  /** Returns the server's unix time now, s. */
  now(): number {
    return this.serverTime + (performance.now() - this.serverTimeAt) / 1000;
  }

  /** Hears all points of a codename; returns what ends that. */
  listen(key: string, listener: PointListener): () => void {
    const listeners = this.points.get(key) ?? new Set();
    this.points.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (!listeners.size) this.points.delete(key);
    };
  }

  /** Takes a message of the server. */
  take(message: Thing): void {
    const arrived = performance.now();
    if (message["type"] === "snapshot") this.replace(message, arrived);
    else if (message["type"] === "update") this.update(message, arrived);
  }

  private replace(message: Thing, arrived: number): void {
    this.serverTime = numberOrNull(message["time"]) ?? Date.now() / 1000;
    this.serverTimeAt = arrived;
    this.commands = message["commands"] === true;
    this.version = text(message["version"]);
    const hosts = thing(message["hosts"]);
    for (const host of [...this.hosts.values()]) {
      const next = thing(hosts[host.key]);
      this.forget(host, next["codenames"], next["instruments"]);
      if (!Object.hasOwn(hosts, host.key)) this.hosts.delete(host.key);
    }
    this.mergeHosts(hosts, arrived);
    this.marks = list(message["marks"]).map(markOf);
    this.health = thing(message["health"]);
    this.structure++;
    this.snapshots++;
  }

  /** Forgets what a host has no longer. */
  private forget(host: Host, codenames: unknown, instruments: unknown): void {
    for (const name of [...host.channels.keys()]) if (!Object.hasOwn(thing(codenames), name)) this.dropChannel(host, name);
    for (const name of [...host.instruments.keys()]) if (!Object.hasOwn(thing(instruments), name)) host.instruments.delete(name);
  }

  private update(message: Thing, arrived: number): void {
    if (message["hosts"]) this.mergeHosts(thing(message["hosts"]), arrived);
    for (const [host, names] of entries(message["reset"])) {
      for (const name of list(names)) this.reset(`${host}:${String(name)}`);
    }
    for (const [host, byName] of entries(message["points"])) {
      for (const [name, pairs] of entries(byName)) this.takePoints(`${host}:${name}`, list(pairs), arrived);
      const known = this.hosts.get(host);
      if (known) known.heard = arrived;
    }
    for (const [host, byName] of entries(message["quality"])) {
      for (const [name, judged] of entries(byName)) this.judge(`${host}:${name}`, list(judged), arrived);
    }
    const marks = list(message["marks"]).map(markOf);
    if (marks.length) this.marks = [...this.marks, ...marks].slice(-MOST_MARKS);
    if (message["health"]) this.health = thing(message["health"]);
  }

  private reset(key: string): void {
    this.channels.get(key)?.course.clear();
    for (const listener of this.points.get(key) ?? []) listener(null);
  }

  private takePoints(key: string, pairs: unknown[], arrived: number): void {
    const channel = this.channels.get(key);
    if (!channel || pairs.length < 2) return;
    for (let index = 0; index + 1 < pairs.length; index += 2) pushCourse(channel, pairs[index], pairs[index + 1]);
    channel.x = numberOrNull(pairs[pairs.length - 2]);
    channel.y = pairs[pairs.length - 1];
    channel.quality = "ok";
    channel.measured = arrived;
    channel.revision++;
    for (const listener of this.points.get(key) ?? []) listener(pairs);
  }

  private judge(key: string, [quality, age]: unknown[], arrived: number): void {
    const channel = this.channels.get(key);
    if (!channel) return;
    channel.quality = qualityFrom(quality);
    channel.measured = typeof age === "number" ? arrived - age * 1000 : null;
    channel.revision++;
  }

  private mergeHosts(hosts: Thing, arrived: number): void {
    for (const [key, given] of Object.entries(hosts)) {
      const known = this.hosts.get(key);
      if (given === null) {
        if (known) this.forget(known, {}, {});
        this.hosts.delete(key);
        this.structure++;
        continue;
      }
      const host = known ?? newHost(key);
      if (!known) this.structure++;
      this.hosts.set(key, host);
      this.mergeHost(host, thing(given), arrived);
    }
  }

  private mergeHost(host: Host, given: Thing, arrived: number): void {
    if ("name" in given) host.name = text(given["name"], host.key);
    if ("kind" in given) host.original = given["kind"] === "original";
    if ("version" in given) host.version = textOrNull(given["version"]);
    if ("alive" in given) host.alive = given["alive"] === true;
    if ("age" in given) host.heard = arrived - (numberOrNull(given["age"]) ?? 0) * 1000;
    if ("history" in given) host.history = given["history"] === true;
    if ("problems" in given) host.problems = list(given["problems"]).map(String);
    if ("sinks" in given) host.sinks = list(given["sinks"]).map(sinkOf);
    if ("commands" in given) {
      const commands = thing(given["commands"]);
      host.noCommands = commands["allowed"] === true ? null : text(commands["why"], "not allowed");
      this.structure++;
    }
    for (const [name, one] of entries(given["instruments"])) this.mergeInstrument(host, name, one, arrived);
    for (const [name, one] of entries(given["codenames"])) this.mergeChannel(host, name, one, arrived);
  }

  private mergeInstrument(host: Host, name: string, value: unknown, arrived: number): void {
    const known = host.instruments.get(name);
    if (value === null) {
      host.instruments.delete(name);
      this.structure++;
      return;
    }
    const given = thing(value);
    if (!known || "methods" in given) this.structure++;
    host.instruments.set(name, mergedInstrument(known ?? newInstrument(name), given, arrived));
  }

  private mergeChannel(host: Host, name: string, value: unknown, arrived: number): void {
    if (value === null) {
      this.dropChannel(host, name);
      return;
    }
    const given = thing(value);
    let channel = host.channels.get(name);
    if (!channel) {
      channel = newChannel(host.key, name);
      host.channels.set(name, channel);
      this.channels.set(channel.key, channel);
      this.structure++;
    } else if (("instrument" in given && given["instrument"] !== channel.instrument) || "kind" in given) this.structure++;
    mergeIntoChannel(channel, given, arrived);
  }

  private dropChannel(host: Host, name: string): void {
    host.channels.delete(name);
    this.channels.delete(`${host.key}:${name}`);
    this.structure++;
  }
}

/** Adds a point to a codename's course, if both are numbers and x is time. */
export function pushCourse(channel: Channel, x: unknown, y: unknown): void {
  if (channel.kind === "date" && typeof x === "number" && typeof y === "number") channel.course.push(x, y);
}

function mergeIntoChannel(channel: Channel, given: Thing, arrived: number): void {
  if ("instrument" in given) channel.instrument = textOrNull(given["instrument"]);
  if ("label" in given) channel.label = text(given["label"]);
  if ("unit" in given) channel.unit = textOrNull(given["unit"]);
  if ("kind" in given) channel.kind = given["kind"] === "data" ? "data" : "date";
  if ("stale_after" in given) channel.staleAfter = numberOrNull(given["stale_after"]);
  if ("on_demand" in given) channel.onDemand = given["on_demand"] === true;
  if ("quality" in given) channel.quality = qualityFrom(given["quality"]);
  if ("x" in given) channel.x = numberOrNull(given["x"]);
  if ("y" in given) channel.y = given["y"];
  if ("age" in given) channel.measured = typeof given["age"] === "number" ? arrived - given["age"] * 1000 : null;
  pushCourse(channel, channel.x, channel.y);
  channel.revision++;
}

function mergedInstrument(instrument: Instrument, given: Thing, arrived: number): Instrument {
  if ("driver" in given) instrument.driver = text(given["driver"]);
  if ("label" in given) instrument.label = text(given["label"]);
  if ("doc" in given) instrument.doc = text(given["doc"]);
  if ("state" in given) instrument.state = text(given["state"]);
  if ("age" in given) instrument.since = typeof given["age"] === "number" ? arrived - given["age"] * 1000 : null;
  if ("error" in given) instrument.error = textOrNull(given["error"]);
  if ("identity" in given) instrument.identity = textOrNull(given["identity"]);
  if ("port" in given) instrument.port = textOrNull(given["port"]);
  if ("reconnects" in given) instrument.reconnects = numberOrNull(given["reconnects"]);
  if ("polls" in given) instrument.polls = numberOrNull(given["polls"]);
  if ("failures" in given) instrument.failures = numberOrNull(given["failures"]);
  if ("late_p99_ms" in given) instrument.lateMs = numberOrNull(given["late_p99_ms"]);
  if ("methods" in given) instrument.methods = list(given["methods"]).map(methodOf);
  return instrument;
}

function newHost(key: string): Host {
  return {
    key, name: key, original: false, version: null, alive: true, heard: performance.now(), noCommands: "not known yet",
    history: false, problems: [], sinks: [], instruments: new Map(), channels: new Map(),
  };
}

function newInstrument(name: string): Instrument {
  return {
    name, driver: "", label: name, doc: "", state: "", since: null, error: null, identity: null, port: null,
    reconnects: null, polls: null, failures: null, lateMs: null, methods: [],
  };
}

function newChannel(host: string, codename: string): Channel {
  return {
    key: `${host}:${codename}`, host, codename, instrument: null, label: codename, unit: null, kind: "date",
    staleAfter: null, onDemand: false, x: null, y: null, quality: "never", measured: null, course: new Course(), revision: 0,
  };
}

function methodOf(value: unknown): Method {
  const given = thing(value);
  return {
    method: text(given["method"]),
    kind: given["kind"] === "reading" ? "reading" : "command",
    label: text(given["label"]),
    doc: text(given["doc"]),
    arguments: thing(given["arguments"]) as Schema,
    returns: given["returns"] ? (thing(given["returns"]) as Schema) : null,
    dangerous: given["dangerous"] === true,
    safeValue: given["safe_value"] ?? undefined,
    readBack: textOrNull(given["read_back"]),
  };
}

/** Returns a mark as it was sent, with the updates or with the history. */
export function markOf(value: unknown): Mark {
  const given = thing(value);
  return {
    host: text(given["host"]),
    time: numberOrNull(given["time"]) ?? 0,
    method: text(given["method"]),
    arguments: thing(given["arguments"]),
    outcome: text(given["outcome"]),
    answer: text(given["answer"]),
    sender: text(given["sender"]),
    id: text(given["id"]),
  };
}

function sinkOf(value: unknown): Sink {
  const given = thing(value);
  return {
    name: text(given["name"]),
    queued: numberOrNull(given["queued"]) ?? 0,
    dropped: numberOrNull(given["dropped"]) ?? 0,
    error: textOrNull(given["error"]),
  };
}

function qualityFrom(value: unknown): Quality {
  return QUALITIES.includes(String(value)) ? (value as Quality) : "error";
}
