// Overview: every host, instrument and codename, with what its value is worth.

import { el, replaceInside, said, setText } from "../element";
import { filterOf } from "../glob";
import type { Channel, Host } from "../model";
import { byName, isTroubled } from "../model";
import { keep, listOf, listText } from "../route";
import type { Store } from "../store";
import type { Shown } from "../main";
import { Block } from "./block";
import { Seeds } from "./seeds";

/** What of the overview is chosen, as it stands in the address. */
export interface Choice {
  readonly starred: Set<string>;
  readonly hidden: Set<string>;
  star(key: string): void;
  hide(key: string): void;
}

type Only = "all" | "starred" | "troubled" | "hidden";
const ONLY: [Only, string][] = [["all", "All"], ["starred", "Starred"], ["troubled", "Not ok"], ["hidden", "Hidden"]];

export class Overview implements Shown, Choice {
  readonly starred = new Set<string>();
  readonly hidden = new Set<string>();
  private only: Only = "all";
  private readonly search = el("input", {
    type: "search", placeholder: "Filter: words, or *_pressure", "aria-label": "Filter codenames by words, or by a glob such as *_pressure",
    "on:input": () => this.changed(), spellcheck: false, autocomplete: "off",
  });
  private readonly choices = ONLY.map(([only, name]) =>
    el("button", { type: "button", "on:click": () => { this.only = only; this.changed(); } }, name));
  private readonly count = el("span", { class: "count", role: "status" });
  private readonly list = el("div", { class: "hosts" });
  private readonly nothing = el("p", { class: "nothing" });
  readonly root = el("div", { class: "overview" },
    el("h1", { class: "unseen" }, "Overview"),
    el("div", { class: "tools" }, this.search,
      el("div", { class: "choice", role: "group", "aria-label": "Which values" }, ...this.choices), this.count),
    this.list, this.nothing);

  private structure = -1;
  private blocks: Block[] = [];
  private readonly blockOf = new WeakMap<Element, Block>();
  private sections = new Map<HTMLElement, Block[]>();
  private readonly seen = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: "400px" });
  private readonly seeds: Seeds;

  constructor(private readonly store: Store) {
    this.seeds = new Seeds(store);
    addEventListener("keydown", (event) => this.slash(event));
  }

  open(query: URLSearchParams): void {
    this.search.value = query.get("q") ?? "";
    this.only = ONLY.map(([only]) => only).find((only) => only === query.get("only")) ?? "all";
    refill(this.starred, listOf(query, "star"));
    refill(this.hidden, listOf(query, "hide"));
    this.filter();
  }

  close(): void {}

  star(key: string): void {
    toggle(this.starred, key);
    this.changed();
  }

  hide(key: string): void {
    toggle(this.hidden, key);
    this.changed();
  }

  draw(): void {
    if (this.structure !== this.store.structure) this.rebuild();
    const now = performance.now();
    if (this.only === "troubled") this.filter();
    for (const block of this.blocks) block.draw(now, this.store.now());
  }

  /** Keeps blocks that are still true: a codename that comes must not move the reader's place. */
  private rebuild(): void {
    this.structure = this.store.structure;
    const before = new Map(this.blocks.map((block) => [block.id, block]));
    this.blocks = [];
    this.sections = new Map();
    for (const host of [...this.store.hosts.values()].sort((a, b) => a.name.localeCompare(b.name))) this.addHost(host, before);
    for (const block of before.values()) this.seen.unobserve(block.root);
    replaceInside(this.list, ...this.sections.keys());
    this.filter();
  }

  private addHost(host: Host, before: Map<string, Block>): void {
    const byInstrument = new Map<string, Channel[]>();
    for (const name of host.instruments.keys()) byInstrument.set(name, []);
    for (const channel of [...host.channels.values()].sort(byName)) {
      const name = channel.instrument ?? "";
      byInstrument.set(name, [...(byInstrument.get(name) ?? []), channel]);
    }
    const blocks: Block[] = [];
    for (const [name, channels] of byInstrument) {
      const id = JSON.stringify([host.key, name]);
      const block = before.get(id) ?? new Block(id, host, name, this, this.seeds);
      before.delete(id);
      block.take(channels);
      this.blockOf.set(block.root, block);
      this.seen.observe(block.root);
      blocks.push(block);
    }
    const grid = el("div", { class: "blocks" }, ...blocks.map((block) => block.root));
    const about = host.original ? "sends points only" : host.name === host.key ? "" : host.key;
    const heading = el("h2", {}, said(host.name, 80), about ? el("small", {}, said(about, 80)) : null);
    this.sections.set(el("section", { class: "host" }, heading, grid), blocks);
    this.blocks.push(...blocks);
  }

  private changed(): void {
    const query = new URLSearchParams();
    if (this.search.value) query.set("q", this.search.value);
    if (this.only !== "all") query.set("only", this.only);
    if (this.starred.size) query.set("star", listText(this.starred));
    if (this.hidden.size) query.set("hide", listText(this.hidden));
    keep("overview", query);
    this.filter();
  }

  private filter(): void {
    this.choices.forEach((button, index) => button.setAttribute("aria-pressed", String(ONLY[index]?.[0] === this.only)));
    const matches = filterOf(this.search.value);
    const now = performance.now();
    let found = 0;
    for (const [section, blocks] of this.sections) {
      let inSection = 0;
      for (const block of blocks) {
        inSection += block.filter((channel) =>
          this.isWanted(channel, now) && matches([channel.codename, channel.label, channel.instrument ?? "", channel.host]));
      }
      section.hidden = inSection === 0;
      found += inSection;
    }
    const all = this.store.channels.size;
    setText(this.count, found === all ? `${all} values` : `${found} of ${all} values`);
    this.nothing.hidden = found > 0;
    setText(this.nothing, this.emptyText(all));
  }

  private isWanted(channel: Channel, now: number): boolean {
    if (this.only === "hidden") return this.hidden.has(channel.key);
    if (this.hidden.has(channel.key)) return false;
    if (this.only === "starred") return this.starred.has(channel.key);
    return this.only === "all" || isTroubled(channel, now);
  }

  private emptyText(all: number): string {
    if (!all) return "No host has been heard yet. A host sends to this computer's UDP port 9767: labframe run, or labframe demo.";
    if (this.search.value) return "Nothing matches this filter.";
    return { all: "Everything is hidden.", starred: "Nothing is starred yet.", troubled: "Every value is ok.", hidden: "Nothing is hidden." }[this.only];
  }

  private scrolled(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries) this.blockOf.get(entry.target)?.setVisible(entry.isIntersecting);
    this.draw();
  }

  /** `/` goes to the filter, as in many programs. */
  private slash(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement;
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !this.root.isConnected) return;
    event.preventDefault();
    this.search.focus();
  }
}

function refill(set: Set<string>, texts: string[]): void {
  set.clear();
  for (const text of texts) set.add(text);
}

function toggle(set: Set<string>, key: string): void {
  if (!set.delete(key)) set.add(key);
}
