// The commands that the plots mark, as a list: for who cannot point at them.

import { el, said, setText } from "../element";
import { moment } from "../format";
import type { Mark } from "../model";
import { sentence } from "./overlay";

const MOST = 50;

export class MarkList {
  private readonly title = el("summary");
  private readonly items = el("ol");
  readonly root = el("details", { class: "marks", hidden: true }, this.title, this.items);
  private shown = "";

  /** Lists commands, the newest first, each once. */
  show(marks: Mark[]): void {
    const unique = new Map(marks.map((mark) => [`${mark.time} ${mark.host} ${mark.method}`, mark]));
    const ids = [...unique.keys()].join("\n");
    if (ids === this.shown) return;
    this.shown = ids;
    this.root.hidden = unique.size === 0;
    setText(this.title, unique.size === 1 ? "1 command in this time" : `${unique.size} commands in this time`);
    const newest = [...unique.values()].sort((a, b) => b.time - a.time).slice(0, MOST);
    this.items.replaceChildren(...newest.map((mark) =>
      el("li", {}, el("time", {}, moment(mark.time)), said(sentence(mark)), el("small", {}, said(mark.id || mark.sender, 80)))));
  }
}
