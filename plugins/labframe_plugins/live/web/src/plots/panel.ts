// One plot with its title, its read-out and its buttons.

import { el, said, setAttribute, setText } from "../element";
import { moment, plain, span, typeset, unitText } from "../format";
import type { Channel, Mark } from "../model";
import type { Arrangement } from "./arrangement";
import type { Figure } from "./figure";
import { ink } from "./ink";
import { savePng, saveCsv } from "./save";
import { TimePlot, type Place } from "./timeplot";
import { XyPlot } from "./xyplot";

/** What a panel asks of the view. */
export interface PanelOwner extends Pick<Place, "store" | "window" | "redraw" | "zoom"> {
  /** The arrangement was changed. */
  rearranged(): void;
  remove(panel: Panel): void;
  choose(panel: Panel): void;
}

export class Panel {
  readonly root: HTMLElement;
  private readonly place = el("div", { class: "canvas", role: "img" });
  private readonly legend = el("div", { class: "legend" });
  private readonly where = el("span", { class: "where" });
  private readonly hint = el("p", { class: "hint", hidden: true });
  private readonly values: HTMLElement[] = [];
  private figure: Figure | null = null;
  private channels: Channel[] = [];
  private missing: string[] = [];
  private underCursor: unknown[] | null = null;
  private readonly log = toggle("Log", "Logarithmic axis", () => this.change("log"));
  private readonly own = toggle("Own axes", "An axis for each codename", () => this.change("own"));
  private readonly size = new ResizeObserver(() => this.figure?.resize());
  private isInSight = true;
  /** What nobody sees is not drawn; its values are kept. */
  private readonly sight = new IntersectionObserver((entries) => {
    this.isInSight = entries.at(-1)?.isIntersecting ?? true;
    this.owner.redraw();
  }, { rootMargin: "200px" });

  constructor(readonly arrangement: Arrangement, private readonly owner: PanelOwner) {
    const buttons = el("div", { class: "buttons" }, this.log, this.own,
      button("Codenames…", "Choose the codenames of this plot", () => owner.choose(this)),
      button("PNG", "Save a picture of this plot", () => this.savePng()),
      button("CSV", "Save what is seen as a table", () => this.figure && saveCsv(this.figure.rows(), this.name())),
      button("Remove", "Remove this plot", () => owner.remove(this)));
    this.root = el("section", { class: "panel" }, this.legend, this.place, this.hint, el("footer", {}, this.where, buttons));
    this.size.observe(this.place);
    this.sight.observe(this.root);
  }

  private change(what: "log" | "own"): void {
    this.arrangement[what] = !this.arrangement[what];
    this.rebuild();
    this.owner.rearranged();
  }

  /** Makes the plot anew: after a change of its codenames or axes. */
  rebuild(): void {
    const { store } = this.owner;
    this.figure?.destroy();
    this.place.replaceChildren();
    const known = this.arrangement.keys.map((key) => store.channels.get(key));
    const all = known.filter((channel) => channel !== undefined);
    // Time and xy data do not go on one axis: the first one decides.
    this.channels = all.filter((channel) => channel.kind === all[0]?.kind);
    this.missing = this.arrangement.keys.filter((key) => !this.channels.some((channel) => channel.key === key));
    setAttribute(this.log, "aria-pressed", String(this.arrangement.log));
    setAttribute(this.own, "aria-pressed", String(this.arrangement.own));
    this.own.hidden = this.channels.length < 2;
    this.makeLegend();
    this.figure = this.channels.length ? this.makeFigure() : null;
  }

  private makeFigure(): Figure {
    const { store, redraw, zoom, window } = this.owner;
    const place: Place = {
      store, redraw, zoom, window,
      readOut: (values, where) => {
        this.underCursor = values;
        setText(this.where, where);
      },
      note: (text) => {
        this.hint.hidden = !text;
        setText(this.hint, text);
      },
    };
    const Kind = this.channels[0]?.kind === "data" ? XyPlot : TimePlot;
    return new Kind(this.channels, this.arrangement, this.place, place);
  }

  private makeLegend(): void {
    this.values.length = 0;
    const items = this.channels.map((channel, index) => {
      const value = el("span", { class: "value" });
      this.values.push(value);
      const swatch = el("i", { class: `swatch series-${(index % 8) + 1}`, "aria-hidden": "true" });
      const drop = el("button", { type: "button", class: "drop", "aria-label": `Take ${channel.codename.slice(0, 80)} out of this plot`, "on:click": () => this.drop(channel.key) }, "×");
      return el("span", { class: "item" }, swatch, said(channel.codename, 60), value, this.channels.length > 1 ? drop : null);
    });
    const absent = this.missing.map((key) => el("span", { class: "item absent" }, said(key, 60), el("span", { class: "value" }, this.whyMissing(key))));
    this.legend.replaceChildren(...items, ...absent);
  }

  private whyMissing(key: string): string {
    return this.owner.store.channels.has(key) ? "xy data needs a plot of its own" : "not heard yet";
  }

  private drop(key: string): void {
    this.arrangement.keys = this.arrangement.keys.filter((one) => one !== key);
    this.rebuild();
    this.owner.rearranged();
  }

  /** A codename that was not there may have come, or have gone. */
  reconsider(): void {
    const { store } = this.owner;
    const changed = this.arrangement.keys.some((key) => this.channels.includes(store.channels.get(key) as Channel) !== store.channels.has(key));
    const kinds = new Set(this.arrangement.keys.map((key) => store.channels.get(key)?.kind ?? "date"));
    if (!this.figure || (changed && kinds.size === 1)) this.rebuild();
  }

  /** The time that is shown was changed. */
  moved(): void {
    if (this.figure instanceof TimePlot) this.figure.load();
  }

  draw(): void {
    if (!this.isInSight) return;
    this.figure?.draw();
    this.channels.forEach((channel, index) => {
      const value = this.values[index];
      if (value) showValue(value, this.underCursor ? this.underCursor[index] : channel.y, channel.unit);
    });
    const names = this.channels.map((channel) => channel.codename.slice(0, 60)).join(", ");
    const { span: length, until } = this.owner.window;
    setAttribute(this.place, "aria-label", `Plot of ${names || "nothing"}: ${span(length)} until ${until === null ? "now" : moment(until)}`);
  }

  marks(): Mark[] {
    return this.figure?.marks() ?? [];
  }

  destroy(): void {
    this.size.disconnect();
    this.sight.disconnect();
    this.figure?.destroy();
    this.figure = null;
  }

  private name(): string {
    return this.channels.map((channel) => channel.codename).join("-") || "plot";
  }

  private savePng(): void {
    const end = this.owner.window.until ?? this.owner.store.now();
    const title = this.channels.map((channel) => channel.codename).join(", ");
    const time = this.channels[0]?.kind === "data" ? moment(end) : `${span(this.owner.window.span)} until ${moment(end)}`;
    const { paper, text } = ink();
    if (this.figure) savePng(this.figure.canvas(), [title, time], { paper, text }, this.name());
  }
}

/** Writes a value with its unit, if it is another one. */
function showValue(place: HTMLElement, value: unknown, unit: string | null): void {
  const text = plain(value);
  if (place.dataset["text"] === text) return;
  place.dataset["text"] = text;
  place.replaceChildren(...typeset(value), typeof value === "number" ? ` ${unitText(unit)}` : "");
}

function button(text: string, label: string, act: () => void): HTMLButtonElement {
  return el("button", { type: "button", title: label, "on:click": act }, text);
}

function toggle(text: string, label: string, act: () => void): HTMLButtonElement {
  const made = button(text, label, act);
  made.setAttribute("aria-pressed", "false");
  return made;
}
