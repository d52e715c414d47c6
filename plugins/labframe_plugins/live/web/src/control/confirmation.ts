// Asks before what may do harm.

import { el, said } from "../element";
import { plain } from "../format";
import type { Host, Method } from "../model";
import type { Order } from "../server";

export class Confirmation {
  private readonly body = el("div", { class: "what" });
  private readonly cancel = el("button", { value: "cancel" }, "Do not");
  readonly root = el("dialog", { class: "confirm", "aria-labelledby": "confirm-title" },
    el("form", { method: "dialog" }, el("h2", { id: "confirm-title" }, "Execute this?"), this.body,
      el("div", { class: "buttons" }, this.cancel, el("button", { value: "ok", class: "primary" }, "Execute"))));

  /** Returns whether a person wants it. */
  ask(method: Method, order: Order, host: Host): Promise<boolean> {
    const given = Object.entries(order.arguments).map(([name, value]) => el("li", {}, said(`${name} = ${plain(value)}`, 200)));
    const unit = Object.values(method.arguments.properties ?? {}).map((one) => one.unit).find(Boolean) ?? "";
    const why = method.dangerous
      ? "Its driver calls it dangerous."
      : `It drives an output that has a safe value: ${plain(method.safeValue)}${unit && unit !== "1" ? ` ${unit}` : ""}.`;
    this.body.replaceChildren(el("p", {}, el("strong", {}, said(method.method, 100)), " of ", said(host.name, 80)), el("ul", {}, ...given), el("p", { class: "doc" }, why));
    this.root.returnValue = "";
    this.root.showModal();
    this.cancel.focus();
    return new Promise((resolve) => this.root.addEventListener("close", () => resolve(this.root.returnValue === "ok"), { once: true }));
  }
}
