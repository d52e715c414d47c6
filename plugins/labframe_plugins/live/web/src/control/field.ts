// One argument of a command, as a field with its unit and limits.

import { brief, el, said } from "../element";
import { valueOf, type Argument } from "./schema";

let fields = 0;

export class Field {
  readonly root: HTMLElement;
  private readonly input: HTMLInputElement | HTMLSelectElement;

  constructor(readonly argument: Argument, changed: () => void) {
    const id = `field-${++fields}`;
    this.input = this.make(id);
    this.input.addEventListener("input", changed);
    const { name, unit, limits, about, isNeeded } = argument;
    const hint = [limits && `${limits}${unit ? ` ${unit}` : ""}`, isNeeded ? "" : "optional", about].filter(Boolean).join(" · ");
    const label = el("label", { for: id }, said(name, 60));
    const unitMark = unit && argument.kind !== "truth" ? el("span", { class: "unit", "aria-hidden": "true" }, said(unit, 24)) : null;
    this.root = el("div", { class: "field" }, label, el("span", { class: "entry" }, this.input, unitMark),
      hint ? el("small", { id: `${id}-hint` }, brief(hint)) : null);
    if (hint) this.input.setAttribute("aria-describedby", `${id}-hint`);
  }

  private make(id: string): HTMLInputElement | HTMLSelectElement {
    const { kind, choices, otherwise, isNeeded } = this.argument;
    if (kind === "choice" || kind === "truth") {
      const values = kind === "truth" ? [true, false] : choices;
      const none = isNeeded && otherwise === undefined ? "choose…" : otherwise === undefined ? "as it is" : null;
      const select = el("select", { id }, none === null ? null : el("option", { value: "" }, none),
        ...values.map((value) => el("option", { value: JSON.stringify(value) }, wordOf(value))));
      if (otherwise !== undefined) select.value = JSON.stringify(otherwise);
      return select;
    }
    const mode = kind === "number" ? "decimal" : kind === "integer" ? "numeric" : "text";
    const input = el("input", { id, type: "text", inputmode: mode, autocomplete: "off", spellcheck: false });
    if (otherwise !== undefined && otherwise !== null) input.value = kind === "text" ? String(otherwise) : kind === "list" && Array.isArray(otherwise) ? otherwise.join(", ") : JSON.stringify(otherwise);
    return input;
  }

  /**
   * Returns what was entered; undefined if nothing was.
   *
   * Throws SyntaxError where only JSON can be entered, and it is none.
   */
  value(): unknown {
    return valueOf(this.argument, this.input.value);
  }

  focus(): void {
    this.input.focus();
  }
}

function wordOf(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null) return "none";
  return typeof value === "string" ? brief(value, 60) : JSON.stringify(value);
}
