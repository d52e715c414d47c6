// One instrument on the overview. Its rows are made when they come into sight: there may be ten thousand.

import { el, said, setAttribute, setText } from "../element";
import type { Channel, Host } from "../model";
import type { Choice } from "./overview";
import { Row } from "./row";
import type { Seeds } from "./seeds";

export class Block {
  private readonly state = el("span", { class: "tag" });
  private readonly why = el("p", { class: "why", hidden: true });
  private readonly table: HTMLElement;
  readonly root: HTMLElement;
  private channels: Channel[] = [];
  private wanted: Channel[] = [];
  private readonly rows = new Map<Channel, Row>();
  private isVisible = false;
  private isStale = true;

  constructor(
    readonly id: string,
    private readonly host: Host,
    private readonly name: string,
    private readonly choice: Choice,
    private readonly seeds: Seeds,
  ) {
    const title = name || "points";
    this.table = el("div", { role: "table", class: "rows", "aria-label": `${title} of ${host.name}` });
    const heading = el("h3", {}, said(title, 80), this.about(), this.state);
    this.root = el("div", { class: "block" }, heading, this.why, this.table);
  }

  private about(): HTMLElement | null {
    const instrument = this.host.instruments.get(this.name);
    const label = instrument?.label && instrument.label !== this.name ? instrument.label : instrument?.driver;
    return label && label !== this.name ? el("small", {}, said(label, 60)) : null;
  }

  take(channels: Channel[]): void {
    this.channels = channels;
  }

  /** Shows the codenames that a filter wants; returns how many. */
  filter(wants: (channel: Channel) => boolean): number {
    const wanted = this.channels.filter(wants);
    const same = wanted.length === this.wanted.length && wanted.every((channel, index) => channel === this.wanted[index]);
    if (!same) this.isStale = true;
    this.wanted = wanted;
    this.root.hidden = wanted.length === 0;
    // What is out of sight takes the room that it will need, so that the scroll bar tells the truth.
    this.table.style.setProperty("--rows", String(wanted.length));
    for (const row of this.rows.values()) row.choose(this.choice);
    return wanted.length;
  }

  setVisible(isVisible: boolean): void {
    this.isVisible = isVisible;
    if (!isVisible) {
      this.rows.clear();
      this.table.replaceChildren();
      this.isStale = true;
    }
  }

  draw(now: number, serverNow: number): void {
    if (!this.isVisible) return;
    if (this.isStale) this.build();
    this.tell();
    for (const row of this.rows.values()) row.draw(now, serverNow, this.host.alive);
  }

  private build(): void {
    this.isStale = false;
    const made = this.wanted.map((channel) => this.rows.get(channel) ?? new Row(channel, this.choice));
    this.rows.clear();
    this.wanted.forEach((channel, index) => this.rows.set(channel, made[index] as Row));
    this.table.replaceChildren(...made.map((row) => row.root));
    this.seeds.want(this.wanted);
  }

  private tell(): void {
    const instrument = this.host.instruments.get(this.name);
    const state = !this.host.alive ? "not heard" : (instrument?.state ?? "ok");
    this.state.hidden = state === "ok" || state === "";
    setText(this.state, state);
    setAttribute(this.state, "data-state", state);
    const error = instrument?.error ?? "";
    this.why.hidden = !error;
    if (error !== this.why.dataset["error"]) {
      this.why.dataset["error"] = error.slice(0, 400);
      this.why.replaceChildren(said(error));
    }
  }
}
