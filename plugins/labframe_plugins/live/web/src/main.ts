// Where the page begins: the connection, the views, and what tells them to look again.

import { Connection } from "./connection";
import { Control } from "./control/control";
import { setText } from "./element";
import { moment } from "./format";
import { Health } from "./health/health";
import { Header } from "./header";
import { Overview } from "./overview/overview";
import { Plots } from "./plots/plots";
import { routeOf, type View } from "./route";
import { takeToken } from "./server";
import { Store } from "./store";

/** One of the four things to look at. */
export interface Shown {
  readonly root: HTMLElement;
  /** Takes what the address says; called when the view is opened, and when somebody changes the address. */
  open(query: URLSearchParams): void;
  /** Draws what has changed; called at most once a frame while the view is open. */
  draw(): void;
  /** Lets go of what costs something; called when another view is opened. */
  close(): void;
}

takeToken();
const store = new Store();
const content = document.querySelector("main") as HTMLElement;
const notice = document.querySelector(".notice") as HTMLElement;
const header = new Header(document.querySelector("header") as HTMLElement);

let frame = 0;
function redraw(): void {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    shown?.draw();
  });
}

const connection = new Connection((message) => {
  store.take(message);
  redraw();
}, tellState);

const views: Record<View, Shown> = {
  overview: new Overview(store),
  plots: new Plots(store, redraw),
  control: new Control(store),
  health: new Health(store),
};
let shown: Shown | null = null;

function route(): void {
  const { view, query } = routeOf(location.hash);
  const next = views[view];
  if (shown !== next) {
    shown?.close();
    content.replaceChildren(next.root);
    document.title = `${view[0]?.toUpperCase()}${view.slice(1)} · labframe`;
  }
  shown = next;
  header.show(view);
  next.open(query);
  redraw();
}

/** Says whether the server is heard; and if not, since when all that is shown is old. */
function tellState(): void {
  const { connected, lastHeard } = connection.state;
  document.documentElement.toggleAttribute("data-lost", !connected);
  const since = lastHeard === null ? "" : ` Everything below is as it was at ${moment(lastHeard / 1000)}.`;
  setText(notice, connected ? "" : `The live server does not answer; the page tries again.${since}`);
  header.tell(connected);
}

addEventListener("hashchange", (event) => {
  const left = new URL(event.oldURL).hash;
  header.remember(routeOf(left).view, left);
  route();
});
route();
// Ages grow also where nothing comes.
setInterval(redraw, 500);
setTimeout(tellState, 1500);
