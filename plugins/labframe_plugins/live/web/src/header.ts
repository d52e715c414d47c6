// The bar at the top: the four views, and whether the server is heard.

import { el, setAttribute, setText, svg } from "./element";
import { VIEWS, type View } from "./route";

const NAMES: Record<View, string> = { overview: "Overview", plots: "Plots", control: "Control", health: "Health" };

export class Header {
  private readonly links = new Map<View, HTMLAnchorElement>();
  private readonly state = el("span", { class: "link-state" });

  constructor(root: HTMLElement) {
    for (const view of VIEWS) this.links.set(view, el("a", { href: `#/${view}` }, NAMES[view]));
    const mark = svg("svg", { viewBox: "0 0 32 20", "aria-hidden": "true" }, svg("path", { d: "M2 12h6l3-9 5 15 4-10 2 4h8" }));
    root.append(
      el("span", { class: "brand" }, mark, "labframe"),
      el("nav", { "aria-label": "Views" }, ...this.links.values()),
      this.state,
    );
  }

  /** Marks the view that is open. */
  show(view: View): void {
    for (const [one, link] of this.links) setAttribute(link, "aria-current", one === view ? "page" : null);
  }

  /** Says whether the server is heard. */
  tell(connected: boolean): void {
    setAttribute(this.state, "data-connected", String(connected));
    setText(this.state, connected ? "live" : "not connected");
  }

  /** Lets the link of a view lead back to what was last chosen there. */
  remember(view: View, hash: string): void {
    const link = this.links.get(view);
    if (link) link.href = hash;
  }
}
