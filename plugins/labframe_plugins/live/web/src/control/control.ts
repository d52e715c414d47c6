// Control: a form for each command that a host declares.

import { el, replaceInside, said, setText } from "../element";
import { filterOf } from "../glob";
import type { Shown } from "../main";
import { commandsOf, type Host, type Instrument, type Method } from "../model";
import { keep } from "../route";
import { ask, ServerRefused, setToken, token } from "../server";
import type { Store } from "../store";
import { Confirmation } from "./confirmation";
import { CommandForm } from "./form";

const NAME_KEPT = "labframe.who";

export class Control implements Shown {
  private readonly confirmation = new Confirmation();
  private readonly search = el("input", { type: "search", placeholder: "Filter commands", "aria-label": "Filter commands", "on:input": () => this.changed(), spellcheck: false, autocomplete: "off" });
  private readonly who = el("input", { type: "text", id: "who", maxlength: 40, autocomplete: "name", spellcheck: false, "on:change": () => localStorage.setItem(NAME_KEPT, this.who.value) });
  private readonly tools: HTMLElement;
  private readonly gate = el("div", { class: "gate" });
  private readonly list = el("div", { class: "hosts" });
  readonly root: HTMLElement;
  /** By host and method, never by place: a form must not become another command's. */
  private readonly forms = new Map<string, CommandForm>();
  private structure = -1;
  /** Whether the server takes our token; null: it was not asked. */
  private isAllowed: boolean | null = null;
  private why = "";

  constructor(private readonly store: Store) {
    this.who.value = localStorage.getItem(NAME_KEPT) ?? "";
    const leave = el("button", { type: "button", "on:click": () => this.leave() }, "Forget the token");
    this.tools = el("div", { class: "tools" }, this.search,
      el("label", { for: "who", class: "who" }, "Your name, for the audit", this.who), leave);
    this.root = el("div", { class: "control" }, el("h1", { class: "unseen" }, "Control"), this.tools, this.gate, this.list, this.confirmation.root);
  }

  open(query: URLSearchParams): void {
    this.search.value = query.get("q") ?? "";
    this.structure = -1;
    if (this.isAllowed === null && token()) void this.knock();
  }

  close(): void {}

  private changed(): void {
    keep("control", new URLSearchParams(this.search.value ? { q: this.search.value } : {}));
    this.rebuild();
  }

  draw(): void {
    if (this.structure !== this.store.structure) this.rebuild();
    for (const form of this.forms.values()) form.draw();
  }

  private rebuild(): void {
    this.structure = this.store.structure;
    const isOpen = this.store.commands && this.isAllowed === true;
    this.tools.hidden = this.list.hidden = !isOpen;
    this.gate.hidden = isOpen;
    if (!isOpen) {
      this.showGate();
      return;
    }
    const matches = filterOf(this.search.value);
    const wanted = new Set<string>();
    const sections = [...this.store.hosts.values()].map((host) => this.sectionOf(host, matches, wanted)).filter((section) => section !== null);
    for (const id of [...this.forms.keys()]) if (!wanted.has(id) && !this.search.value) this.forms.delete(id);
    const nothing = el("p", { class: "nothing" }, this.search.value ? "No command matches." : "No host has declared a command.");
    replaceInside(this.list, ...(sections.length ? sections : [nothing]));
  }

  private sectionOf(host: Host, matches: (texts: string[]) => boolean, wanted: Set<string>): HTMLElement | null {
    if (host.original) return null;
    const groups = new Map<Instrument, HTMLElement[]>();
    if (host.noCommands === null) {
      for (const [instrument, method] of commandsOf(host)) {
        if (!matches([method.method, method.label, method.doc, host.name])) continue;
        const id = JSON.stringify([host.key, method.method]);
        wanted.add(id);
        groups.set(instrument, [...(groups.get(instrument) ?? []), this.formOf(id, host, method).root]);
      }
      if (!groups.size) return null;
    }
    const blocks = [...groups].map(([instrument, forms]) =>
      el("div", { class: "block" }, el("h3", {}, said(instrument.name, 80), instrument.doc ? el("small", {}, said(instrument.doc, 100)) : null), el("div", { class: "commands" }, ...forms)));
    const why = host.noCommands === null ? null : el("p", { class: "why" }, said(host.noCommands));
    return el("section", { class: "host" }, el("h2", {}, said(host.name, 80)), why, ...blocks);
  }

  private formOf(id: string, host: Host, method: Method): CommandForm {
    const known = this.forms.get(id);
    if (known?.isFor(host, method)) return known;
    const made = new CommandForm(host, method, this.store, this.confirmation, () => this.who.value.trim());
    this.forms.set(id, made);
    return made;
  }

  private showGate(): void {
    const state = `${this.store.snapshots > 0} ${this.store.commands} ${this.why}`;
    if (this.gate.dataset["state"] === state) return;
    this.gate.dataset["state"] = state;
    if (!this.store.snapshots) this.gate.replaceChildren(el("p", { class: "nothing" }, "Waiting for the live server."));
    else if (!this.store.commands) this.gate.replaceChildren(el("p", { class: "nothing" }, "This live server takes no commands: its configuration has no access token."));
    else this.gate.replaceChildren(this.tokenForm());
  }

  private tokenForm(): HTMLElement {
    const entry = el("input", { type: "password", id: "token", autocomplete: "off", spellcheck: false });
    return el("form", { class: "token", "on:submit": (event) => { event.preventDefault(); setToken(entry.value.trim()); void this.knock(); } },
      el("h2", {}, "Commands need an access token"),
      el("p", { class: "doc" }, "Who runs the live server has it. It is kept until this tab is closed."),
      el("label", { for: "token" }, "Access token"), el("div", { class: "entry" }, entry, el("button", { class: "primary" }, "Use it")),
      el("p", { class: "why", role: "alert" }, this.why));
  }

  private async knock(): Promise<void> {
    try {
      this.isAllowed = (await ask("access"))["commands"] === true;
      this.why = "";
    } catch (error) {
      this.isAllowed = false;
      this.why = error instanceof ServerRefused ? error.message : "The live server does not answer.";
    }
    this.rebuild();
  }

  private leave(): void {
    setToken("");
    this.isAllowed = null;
    this.forms.clear();
    setText(this.list, "");
    this.rebuild();
  }
}
