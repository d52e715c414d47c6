// Health: how instruments, sinks and the live server itself are.

import { brief, el, said, setAttribute, setText, type Child } from "../element";
import { age, plain } from "../format";
import type { Shown } from "../main";
import type { Host, Instrument, Sink } from "../model";
import type { Store } from "../store";

const COLUMNS = ["Instrument", "State", "Since", "Reconnects", "Polls", "Failures", "Late (p99)", "Port"];
const OWN: [string, string, string][] = [
  ["uptime_s", "Running for", "s"], ["clients", "Pages and programs connected", ""], ["legacy_clients", "On the original's protocol", ""],
  ["hosts", "Hosts", ""], ["codenames", "Codenames", ""], ["received", "Datagrams received", ""], ["points", "Points received", ""],
  ["malformed", "Malformed datagrams", "loss"], ["oversized", "Oversized datagrams", "loss"], ["unwelcome", "Datagrams of strangers", "loss"],
  ["lost", "Datagrams lost by the system", "loss"], ["skipped", "Updates that slow pages missed", "loss"],
  ["sent", "Messages sent", ""], ["commands", "Commands handed to hosts", ""], ["commands_refused", "Commands refused here", ""],
  ["batch_ms", "Last update took", "ms"],
];

export class Health implements Shown {
  private readonly hosts = el("div", { class: "hosts" });
  private readonly own = new Map<string, HTMLElement>();
  private readonly lastMalformed = el("p", { class: "why" });
  readonly root: HTMLElement;
  private drawnAt = -Infinity;

  constructor(private readonly store: Store) {
    const numbers = OWN.map(([key, name, kind]) => {
      const value = el("dd", kind === "loss" ? { "data-loss": "0" } : {});
      this.own.set(key, value);
      return el("div", {}, el("dt", {}, name), value);
    });
    this.root = el("div", { class: "health" }, el("h1", { class: "unseen" }, "Health"), this.hosts,
      el("section", { class: "host" }, el("h2", {}, "Live server"), el("dl", { class: "numbers" }, ...numbers), this.lastMalformed));
  }

  open(): void {
    this.drawnAt = -Infinity;
  }

  close(): void {}

  /** Once a second is enough for what people read here. */
  draw(): void {
    const now = performance.now();
    if (now - this.drawnAt < 1000) return;
    this.drawnAt = now;
    this.replaceHosts(now);
    for (const [key, , kind] of OWN) this.showOwn(key, kind);
    const { last_malformed: malformed, last_unwelcome: unwelcome } = this.store.health;
    const words = [malformed ? `Last malformed datagram: ${String(malformed)}` : "", unwelcome ? `Last stranger: ${String(unwelcome)}` : ""];
    setText(this.lastMalformed, brief(words.filter(Boolean).join(" · ")));
  }

  private showOwn(key: string, kind: string): void {
    const value = this.store.health[key];
    const place = this.own.get(key);
    if (!place) return;
    const text = typeof value !== "number" ? "–" : key === "uptime_s" ? age(value) : kind === "ms" ? `${value.toFixed(1)} ms` : grouped(value);
    setText(place, text);
    if (kind === "loss") setAttribute(place, "data-loss", value ? "1" : "0");
  }

  /** A selection of somebody's is left alone: a text can be copied. */
  private replaceHosts(now: number): void {
    const selection = getSelection();
    if (selection && !selection.isCollapsed && this.hosts.contains(selection.anchorNode)) return;
    const scrolled = [...this.hosts.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    const focused = [...this.hosts.querySelectorAll(".scroll")].indexOf(document.activeElement as Element);
    const hosts = [...this.store.hosts.values()].sort((a, b) => a.name.localeCompare(b.name));
    this.hosts.replaceChildren(...hosts.map((host) => hostSection(host, now)));
    this.hosts.querySelectorAll<HTMLElement>(".scroll").forEach((one, index) => {
      one.scrollLeft = scrolled[index] ?? 0;
      if (index === focused) one.focus();
    });
  }
}

function hostSection(host: Host, now: number): HTMLElement {
  const heard = age((now - host.heard) / 1000);
  const state = host.alive ? `heard ${heard === "now" ? "now" : `${heard} ago`}` : `not heard for ${heard}`;
  const version = host.original ? "sends points only" : `labframe ${host.version ?? "?"}`;
  return el("section", { class: "host" },
    el("h2", {}, said(host.name, 80), el("small", {}, said(`${host.key} · ${version} · `, 120), el("span", { class: host.alive ? "" : "tag", "data-state": host.alive ? "ok" : "disconnected" }, state))),
    ...host.problems.map((problem) => el("p", { class: "why" }, said(problem))),
    host.instruments.size ? instrumentTable(host, now) : null,
    host.sinks.length ? sinkTable(host) : null);
}

function instrumentTable(host: Host, now: number): HTMLElement {
  return table(`Instruments of ${host.name}`, COLUMNS, [...host.instruments.values()].flatMap((one) => instrumentRows(one, now)));
}

function instrumentRows(one: Instrument, now: number): HTMLElement[] {
  const state = el("span", { class: "tag", "data-state": one.state }, said(one.state || "?", 30));
  const cells: Child[] = [
    state, one.since === null ? "" : age((now - one.since) / 1000), count(one.reconnects), count(one.polls), count(one.failures),
    one.lateMs === null ? "–" : `${one.lateMs.toFixed(one.lateMs < 10 ? 1 : 0)} ms`, one.port ? said(one.port, 60) : "–",
  ];
  const name = el("th", { scope: "row" }, said(one.name, 80), el("small", {}, said([one.driver, one.identity].filter(Boolean).join(" · "), 80)));
  const row = el("tr", {}, name, ...cells.map((cell, index) => el("td", index > 0 ? { class: "figure" } : {}, cell)));
  if (!one.error) return [row];
  return [row, el("tr", { class: "error" }, el("td", { colspan: COLUMNS.length }, el("p", { class: "why" }, said(one.error))))];
}

function sinkTable(host: Host): HTMLElement {
  const rows = host.sinks.map((sink: Sink) => el("tr", {}, el("th", { scope: "row" }, said(sink.name, 60)),
    el("td", { class: "figure" }, plain(sink.queued)), el("td", { class: "figure", "data-loss": sink.dropped ? "1" : "0" }, plain(sink.dropped)),
    el("td", {}, sink.error ? said(sink.error) : "–")));
  return table(`Sinks of ${host.name}`, ["Sink", "Queued", "Dropped", "Error"], rows);
}

function table(caption: string, columns: string[], rows: HTMLElement[]): HTMLElement {
  const head = el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name))));
  const label = brief(caption, 120);
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    el("table", {}, el("caption", { class: "unseen" }, label), head, el("tbody", {}, ...rows)));
}

function count(value: number | null): string {
  return value === null ? "–" : grouped(value);
}

/** Returns a whole number with thin spaces between its thousands. */
function grouped(value: number): string {
  return Number.isInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, "\u2009") : plain(value);
}
