// One codename on the overview.

import { el, said, setAttribute, setText, svg } from "../element";
import { age, plain, typeset, unitText } from "../format";
import { ageOf, qualityOf, type Channel, type Quality } from "../model";
import { escaped, hashOf } from "../route";
import type { Choice } from "./overview";

const WIDTH = 88;
const HEIGHT = 20;
const STAR = "M8 1.6l1.9 4.2 4.6.5-3.4 3.1 1 4.5L8 11.6l-4.1 2.3 1-4.5L1.5 6.3l4.6-.5z";
const EYE = "M1.5 8S4 3.6 8 3.6 14.5 8 14.5 8 12 12.4 8 12.4 1.5 8 1.5 8zM8 10a2 2 0 100-4 2 2 0 000 4z";
const STRUCK = "M2.5 13.5l11-11";

/** What a value is worth, in words; nothing needs to be said of a good one. */
const WORDS: Record<Quality, string> = {
  ok: "", old: "old", error: "error", disconnected: "disconnected", never: "no value yet",
};

export class Row {
  private readonly line = svg("path", { fill: "none" });
  private readonly number = el("span", { class: "number" });
  private readonly tag = el("span", { class: "tag" });
  private readonly age = el("span", { class: "age" });
  private readonly star: HTMLButtonElement;
  private readonly eye: HTMLButtonElement;
  readonly root: HTMLElement;
  private revision = -1;
  private drawnStep = -1;

  constructor(private readonly channel: Channel, choice: Choice) {
    const { key, codename, label, unit } = channel;
    this.star = button("star", STAR, () => choice.star(key));
    this.eye = button("eye", `${EYE}${STRUCK}`, () => choice.hide(key));
    const spark = svg("svg", { class: "spark", viewBox: `-1 -2 ${WIDTH + 2} ${HEIGHT + 4}`, "aria-hidden": "true", preserveAspectRatio: "none" }, this.line);
    const name = el("a", { href: plotOf(key), title: `Plot ${codename.slice(0, 100)}` }, said(codename, 80));
    const isTold = codename.toLowerCase().endsWith(label.toLowerCase().replace(/\s+/g, "_"));
    const worded = label && !isTold ? el("small", {}, said(label, 60)) : null;
    this.root = el("div", { role: "row", class: "row" },
      el("span", { role: "cell", class: "cell-star" }, this.star),
      el("span", { role: "rowheader", class: "cell-name" }, name, worded),
      el("span", { role: "cell", class: "cell-spark" }, spark, this.tag),
      el("span", { role: "cell", class: "cell-value" }, this.number, el("span", { class: "unit" }, said(unitText(unit), 24))),
      el("span", { role: "cell", class: "cell-age" }, this.age),
      el("span", { role: "cell", class: "cell-eye" }, this.eye));
    this.choose(choice);
  }

  choose(choice: Choice): void {
    const { key, codename } = this.channel;
    const starred = choice.starred.has(key);
    const hidden = choice.hidden.has(key);
    setAttribute(this.star, "aria-pressed", String(starred));
    setAttribute(this.star, "aria-label", `Star ${codename.slice(0, 80)}`);
    setAttribute(this.eye, "aria-pressed", String(hidden));
    setAttribute(this.eye, "aria-label", `Hide ${codename.slice(0, 80)}`);
  }

  draw(now: number, serverNow: number, isAlive: boolean): void {
    const channel = this.channel;
    const quality = qualityOf(channel, now);
    setAttribute(this.root, "data-quality", isAlive || quality !== "ok" ? quality : "old");
    setText(this.tag, quality === "never" && channel.onDemand ? "on demand" : WORDS[quality]);
    this.tag.hidden = quality === "ok";
    setText(this.age, channel.measured === null ? "" : age(ageOf(channel, now)));
    if (this.revision !== channel.revision) this.showValue();
    this.showCourse(serverNow);
  }

  private showValue(): void {
    const { channel } = this;
    this.revision = channel.revision;
    const text = channel.measured === null && channel.y === null ? "–" : plain(channel.y);
    if (text === this.number.dataset["text"]) return;
    this.number.dataset["text"] = text;
    this.number.replaceChildren(...(text === "–" ? ["–"] : typeset(channel.y)));
    if (typeof channel.y !== "number") this.number.title = text;
  }

  /** The course moves on once a second, also when nothing comes. */
  private showCourse(serverNow: number): void {
    const step = Math.floor(serverNow);
    if (step === this.drawnStep) return;
    this.drawnStep = step;
    const bridge = Math.max(this.channel.staleAfter ?? 30, 5) + 5;
    setAttribute(this.line, "d", this.channel.course.path(WIDTH, HEIGHT, serverNow, bridge));
  }
}

function plotOf(key: string): string {
  return hashOf("plots", new URLSearchParams({ p: escaped(key) }));
}

function button(name: string, path: string, act: () => void): HTMLButtonElement {
  return el("button", { type: "button", class: `icon ${name}`, "on:click": act },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: path })));
}
