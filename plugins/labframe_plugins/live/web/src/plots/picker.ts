// Chooses codenames for a plot.

import { el, said, setText } from "../element";
import { unitText, plain } from "../format";
import { filterOf } from "../glob";
import { byName, type Channel } from "../model";
import type { Store } from "../store";

/** More are not listed at once: the filter finds the others. */
const MOST = 200;

export class Picker {
  private readonly search = el("input", {
    type: "search", placeholder: "Filter: words, or *_pressure", "aria-label": "Filter codenames", "on:input": () => this.list(), autocomplete: "off", spellcheck: false,
  });
  private readonly items = el("ul", { class: "items" });
  private readonly more = el("p", { class: "more", role: "status" });
  private readonly title = el("h2", { id: "picker-title" });
  private chosen = new Set<string>();
  private done: (keys: string[]) => void = () => undefined;
  readonly root = el("dialog", { class: "picker", "aria-labelledby": "picker-title" },
    el("form", { method: "dialog" }, this.title, this.search, this.items, this.more,
      el("div", { class: "buttons" }, el("button", { value: "cancel" }, "Cancel"), el("button", { value: "ok", class: "primary" }, "Plot these"))));

  constructor(private readonly store: Store) {
    this.root.addEventListener("close", () => this.root.returnValue === "ok" && this.done([...this.chosen]));
    this.search.addEventListener("keydown", (event) => event.key === "Enter" && this.takeOnlyOne(event));
  }

  /** Asks; `done` gets the codenames' keys, in the order in which they were chosen. */
  open(title: string, chosen: string[], done: (keys: string[]) => void): void {
    setText(this.title, title);
    this.chosen = new Set(chosen);
    this.done = done;
    this.search.value = "";
    this.root.returnValue = "";
    this.list();
    this.root.showModal();
    this.search.focus();
  }

  private found(): Channel[] {
    const matches = filterOf(this.search.value);
    const channels = [...this.store.channels.values()].filter((channel) =>
      matches([channel.codename, channel.label, channel.instrument ?? "", channel.host, channel.unit ?? ""]));
    const isChosen = (channel: Channel): number => (this.chosen.has(channel.key) ? 0 : 1);
    return channels.sort((a, b) => isChosen(a) - isChosen(b) || byName(a, b));
  }

  private list(): void {
    const found = this.found();
    this.items.replaceChildren(...found.slice(0, MOST).map((channel) => this.item(channel)));
    setText(this.more, found.length > MOST ? `${found.length - MOST} more: filter them` : found.length ? "" : "No codename matches.");
  }

  private item(channel: Channel): HTMLElement {
    const box = el("input", { type: "checkbox", "on:change": () => { if (!this.chosen.delete(channel.key)) this.chosen.add(channel.key); } });
    box.checked = this.chosen.has(channel.key);
    const now = channel.y === null ? "" : `${plain(channel.y)} ${unitText(channel.unit)}`;
    const where = this.store.hosts.get(channel.host)?.name ?? channel.host;
    return el("li", {}, el("label", {}, box, el("span", { class: "what" }, said(channel.codename, 80), el("small", {}, said(where, 60))), el("span", { class: "now" }, now)));
  }

  /** Enter in the filter takes the codename, if only one is left. */
  private takeOnlyOne(event: Event): void {
    const [only, ...others] = this.found().filter((channel) => !this.chosen.has(channel.key));
    if (only && !others.length) this.chosen.add(only.key);
    else if (!this.chosen.size) event.preventDefault();
    if (only && !others.length) {
      event.preventDefault();
      this.root.close("ok");
    }
  }
}
