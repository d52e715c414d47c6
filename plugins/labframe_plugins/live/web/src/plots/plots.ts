// Plots: any codenames, live, with what was before.

import { el, setText } from "../element";
import { moment, span as spanText } from "../format";
import type { Shown } from "../main";
import { keep } from "../route";
import type { Store } from "../store";
import { arrangementsOf, clamp, proposal, queryOf, spanOf, type Arrangement, type Span } from "./arrangement";
import { Panel, type PanelOwner } from "./panel";
import { Picker } from "./picker";
import { MarkList } from "./marklist";

const SPANS: [number, string][] = [
  [60, "1 min"], [600, "10 min"], [3600, "1 h"], [6 * 3600, "6 h"], [86400, "1 d"], [7 * 86400, "1 w"], [30 * 86400, "1 mo"], [365 * 86400, "1 y"],
];

export class Plots implements Shown, PanelOwner {
  /** One object for ever: all plots look at it. */
  readonly window: Span = { span: 600, until: null };
  private arrangements: Arrangement[] | null = null;
  private panels: Panel[] = [];
  private structure = -1;
  private readonly picker: Picker;
  private readonly grid = el("div", { class: "panels" });
  private readonly nothing = el("p", { class: "nothing" });
  private readonly marks = new MarkList();
  private readonly spans = SPANS.map(([length, name]) => el("button", { type: "button", "on:click": () => this.move(length, this.window.until) }, name));
  private readonly live = el("button", { type: "button", class: "live", "on:click": () => this.move(this.window.span, null), title: "Follow the present (key: L)" }, "Live");
  private readonly when = el("span", { class: "count", role: "status" });
  readonly root: HTMLElement;

  constructor(readonly store: Store, readonly redraw: () => void) {
    this.picker = new Picker(store);
    const step = (text: string, label: string, act: () => void): HTMLElement =>
      el("button", { type: "button", "aria-label": label, title: label, "on:click": act }, text);
    this.root = el("div", { class: "plots", "on:wheel": (event) => this.wheel(event as WheelEvent) },
      el("h1", { class: "unseen" }, "Plots"),
      el("div", { class: "tools" },
        el("div", { class: "choice", role: "group", "aria-label": "Length of time" }, ...this.spans),
        el("div", { class: "choice", role: "group", "aria-label": "Move in time" },
          step("‹", "Earlier (key: left)", () => this.pan(-0.5)), step("−", "Zoom out (key: −)", () => this.scale(2)),
          step("+", "Zoom in (key: +)", () => this.scale(0.5)), step("›", "Later (key: right)", () => this.pan(0.5)), this.live),
        this.when,
        el("button", { type: "button", class: "primary add", "on:click": () => this.add() }, "Add a plot")),
      this.grid, this.nothing, this.marks.root, this.picker.root);
    addEventListener("keydown", (event) => this.root.isConnected && this.key(event));
  }

  open(query: URLSearchParams): void {
    this.arrangements = arrangementsOf(query);
    Object.assign(this.window, spanOf(query));
    this.structure = -1;
    this.rebuild();
  }

  close(): void {
    for (const panel of this.panels) panel.destroy();
    this.panels = [];
  }

  private rebuild(): void {
    for (const panel of this.panels) panel.destroy();
    const wanted = this.arrangements ?? proposal(this.store.channels.values());
    this.panels = wanted.map((arrangement) => new Panel(arrangement, this));
    this.grid.replaceChildren(...this.panels.map((panel) => panel.root));
    for (const panel of this.panels) panel.rebuild();
    this.tell();
  }

  draw(): void {
    if (this.structure !== this.store.structure) {
      this.structure = this.store.structure;
      // What nobody has chosen follows the laboratory; what somebody has chosen stays.
      if (!this.arrangements && !this.panels.length) this.rebuild();
      else for (const panel of this.panels) panel.reconsider();
    }
    for (const panel of this.panels) panel.draw();
    this.marks.show(this.panels.flatMap((panel) => panel.marks()));
    this.nothing.hidden = this.panels.length > 0;
    setText(this.nothing, this.store.channels.size ? "No plot yet." : "No host has been heard yet.");
  }

  rearranged(): void {
    this.arrangements = this.panels.map((panel) => panel.arrangement);
    keep("plots", queryOf(this.arrangements, this.window));
    this.redraw();
  }

  remove(panel: Panel): void {
    panel.destroy();
    panel.root.remove();
    this.panels = this.panels.filter((one) => one !== panel);
    this.rearranged();
  }

  choose(panel: Panel): void {
    this.picker.open("Codenames of this plot", panel.arrangement.keys, (keys) => {
      panel.arrangement.keys = keys;
      panel.rebuild();
      this.rearranged();
    });
  }

  private add(): void {
    this.picker.open("A new plot", [], (keys) => {
      if (!keys.length) return;
      const panel = new Panel({ keys, log: false, own: false }, this);
      this.panels.push(panel);
      this.grid.append(panel.root);
      panel.rebuild();
      this.rearranged();
      panel.root.scrollIntoView({ block: "nearest" });
    });
  }

  readonly zoom = (since: number, until: number): void => this.move(until - since, until);

  private pan(part: number): void {
    const end = this.window.until ?? this.store.now();
    const next = end + part * this.window.span;
    this.move(this.window.span, next >= this.store.now() ? null : next);
  }

  private scale(factor: number): void {
    const { span, until } = this.window;
    const longer = clamp(span * factor);
    const next = until === null ? null : until + (longer - span) / 2;
    this.move(longer, next !== null && next >= this.store.now() ? null : next);
  }

  private move(span: number, until: number | null): void {
    Object.assign(this.window, { span: clamp(span), until });
    keep("plots", queryOf(this.arrangements, this.window));
    for (const panel of this.panels) panel.moved();
    this.tell();
    this.redraw();
  }

  private tell(): void {
    const { span, until } = this.window;
    this.spans.forEach((button, index) => button.setAttribute("aria-pressed", String(SPANS[index]?.[0] === span)));
    this.live.setAttribute("aria-pressed", String(until === null));
    const known = SPANS.some(([length]) => length === span);
    setText(this.when, until === null ? (known ? "" : `last ${spanText(span)}`) : `${moment(until - span)} – ${moment(until)}`);
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (target.closest("input, select, textarea, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => this.pan(-0.25), ArrowRight: () => this.pan(0.25), "+": () => this.scale(0.5), "-": () => this.scale(2),
      l: () => this.move(this.window.span, null),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** The wheel zooms with Ctrl or ⌘ only: without, the page scrolls. */
  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.scale(event.deltaY > 0 ? 1.25 : 0.8);
  }
}
