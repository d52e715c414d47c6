// The form of one command: checked first, then executed, and what the host said.

import { brief, el, said, setText } from "../element";
import { plain, unitText } from "../format";
import type { Host, Method } from "../model";
import { command, newId, ServerRefused, type Order } from "../server";
import type { Store } from "../store";
import { text, thing, type Thing } from "../wire";
import { withUnit } from "../plots/figure";
import type { Confirmation } from "./confirmation";
import { Field } from "./field";
import { argumentsOf } from "./schema";

const WORDS: Record<string, string> = { done: "Done", refused: "Refused", failed: "Failed", unknown: "Nobody knows" };

/** A command's form. It belongs to the host and the method that it was made for, whatever else comes and goes. */
export class CommandForm {
  readonly root: HTMLFormElement;
  private readonly fields: Field[];
  private readonly check = el("button", { type: "submit" }, "Check");
  private readonly execute = el("button", { type: "button", class: "primary", "on:click": () => void this.run() }, "Execute");
  private readonly result = el("div", { class: "result", role: "status" });
  private readonly now = el("span", { class: "now" });
  /** What was checked, and is executed as it was checked. */
  private checked: Order | null = null;
  private isBusy = false;

  constructor(
    private readonly host: Host,
    private readonly method: Method,
    private readonly store: Store,
    private readonly confirmation: Confirmation,
    private readonly who: () => string,
  ) {
    this.fields = argumentsOf(method.arguments).map((argument) => new Field(argument, () => this.forget()));
    const name = method.method.slice(method.method.indexOf(".") + 1);
    const guarded = method.dangerous ? el("span", { class: "tag", "data-state": "dangerous" }, "dangerous") : null;
    this.root = el("form", { class: "command", "on:submit": (event) => { event.preventDefault(); void this.dryRun(); } },
      el("header", {}, el("h4", {}, said(name, 60)), guarded, this.now),
      method.doc ? el("p", { class: "doc" }, said(method.doc)) : null,
      this.fields.length ? el("div", { class: "fields" }, ...this.fields.map((field) => field.root)) : null,
      el("div", { class: "buttons" }, this.check, this.execute, this.returns()),
      this.result);
    this.root.setAttribute("aria-label", brief(method.method, 100));
    this.forget();
  }

  private returns(): HTMLElement | null {
    const schema = this.method.returns;
    if (!schema || schema.type === "null" || (!schema.type && !schema.unit)) return null;
    const unit = unitText(schema.unit ?? null);
    return el("small", { class: "returns" }, brief(`returns ${String(schema.type ?? "a value")}${unit ? ` in ${unit}` : ""}`, 80));
  }

  /** Shows what is set now. */
  draw(): void {
    const channel = this.method.readBack === null ? undefined : this.host.channels.get(this.method.readBack);
    setText(this.now, channel ? `now ${withUnit(channel.y, channel.unit)}` : "");
  }

  /** What was checked is no longer what the fields say. */
  private forget(): void {
    this.checked = null;
    this.execute.disabled = true;
    if (this.isBusy) return;
    this.result.replaceChildren();
  }

  private order(isDryRun: boolean): Order {
    const given: Record<string, unknown> = {};
    for (const field of this.fields) {
      const value = field.value();
      if (value !== undefined) given[field.argument.name] = value;
    }
    return { host: this.host.key, method: this.method.method, arguments: given, dry_run: isDryRun, id: newId(), who: this.who() };
  }

  private async dryRun(): Promise<void> {
    let order: Order;
    try {
      order = this.order(true);
    } catch (error) {
      this.show("refused", "", `This is no JSON: ${error instanceof Error ? error.message : ""}`);
      return;
    }
    const answer = await this.send(order);
    if (!answer) return;
    if (answer["outcome"] !== "done") {
      this.tell(answer);
      return;
    }
    const value = thing(answer["value"]);
    const interlocks = Array.isArray(value["interlocks"]) ? value["interlocks"].map(String) : [];
    const asked = interlocks.length ? `; ${interlocks.join(", ")} allow it` : "";
    this.show("checked", "", `${text(value["would_send"], "It can be executed")}${asked}`);
    this.checked = { ...order, dry_run: false, id: newId() };
    this.execute.disabled = false;
    this.execute.focus();
  }

  private async run(): Promise<void> {
    const order = this.checked;
    if (!order) return;
    if (this.method.dangerous || this.method.safeValue !== undefined) {
      if (!(await this.confirmation.ask(this.method, order, this.host))) return;
    }
    await this.finish(order);
  }

  /** Sends a command; asks again under the same id, if nobody knows what became of it. */
  private async finish(order: Order): Promise<void> {
    this.execute.disabled = true;
    this.checked = null;
    const answer = await this.send(order);
    if (answer) this.tell(answer);
    if (answer && answer["outcome"] !== "unknown") return;
    const again = el("button", { type: "button", "on:click": () => void this.finish(order) }, "Ask again");
    this.result.append(again);
  }

  private async send(order: Order): Promise<Thing | null> {
    this.isBusy = true;
    this.check.disabled = true;
    this.root.setAttribute("aria-busy", "true");
    try {
      return await command(order);
    } catch (error) {
      if (error instanceof ServerRefused) this.show("refused", error.code, error.message);
      else this.show("unknown", "", "The live server did not answer. It may have been executed: asking again executes it once at most.");
      return error instanceof ServerRefused ? { outcome: "refused", code: error.code, text: error.message } : null;
    } finally {
      this.isBusy = false;
      this.check.disabled = false;
      this.root.removeAttribute("aria-busy");
    }
  }

  private tell(answer: Thing): void {
    const outcome = text(answer["outcome"], "unknown");
    if (outcome !== "done") {
      this.show(outcome, text(answer["code"]), text(answer["text"]));
      return;
    }
    const value = answer["value"];
    const unit = this.method.returns?.unit ?? (this.method.readBack ? this.host.channels.get(this.method.readBack)?.unit : null) ?? null;
    this.show("done", "", value === null || value === undefined ? "" : brief(withUnit(value, unit)));
  }

  private show(outcome: string, code: string, words: string): void {
    const title = WORDS[outcome] ?? (outcome === "checked" ? "Would send" : outcome);
    this.result.dataset["outcome"] = outcome;
    this.result.replaceChildren(el("span", { class: "tag", "data-outcome": outcome }, title), words ? said(words, 2000) : "", code ? el("code", {}, brief(code, 60)) : "");
  }

  /** For messages of the store's structure: whether this is still the command that it was made for. */
  isFor(host: Host, method: Method): boolean {
    return host === this.host && JSON.stringify(method) === JSON.stringify(this.method) && this.store.hosts.get(host.key) === host;
  }
}

/** Returns a command as people read it. */
export function orderText(order: Order): string {
  return [order.method, ...Object.entries(order.arguments).map(([name, value]) => `${name} = ${plain(value)}`)].join(", ");
}
