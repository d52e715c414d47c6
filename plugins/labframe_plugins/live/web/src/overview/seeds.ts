// Fills the sparklines of what has just come into sight from the server's memory.

import type { Channel } from "../model";
import { ask } from "../server";
import { pushCourse, type Store } from "../store";
import { list, thing } from "../wire";

const AT_ONCE = 100;
const PAUSE_MS = 60;

/** Asks for the last points of codenames, each once for each snapshot, many in one request. */
export class Seeds {
  private readonly asked = new Set<string>();
  private wanted: Channel[] = [];
  private snapshots = 0;
  private isBusy = false;

  constructor(private readonly store: Store) {}

  want(channels: Channel[]): void {
    if (this.snapshots !== this.store.snapshots) this.asked.clear();
    this.snapshots = this.store.snapshots;
    const fresh = channels.filter((channel) => channel.kind === "date" && !this.asked.has(channel.key));
    for (const channel of fresh) this.asked.add(channel.key);
    this.wanted.push(...fresh);
    if (this.wanted.length && !this.isBusy) void this.work();
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    while (this.wanted.length) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const channels = this.wanted.splice(0, AT_ONCE);
      try {
        const query = channels.map((channel): [string, string] => ["codename", channel.key]);
        const answer = await ask("recent", [...query, ["points", "360"]]);
        for (const channel of channels) fill(channel, list(thing(answer["points"])[channel.key]));
      } catch {
        // Without them the sparklines begin empty, and fill as values come.
      }
    }
    this.isBusy = false;
  }
}

function fill(channel: Channel, pairs: unknown[]): void {
  channel.course.clear();
  for (let index = 0; index + 1 < pairs.length; index += 2) pushCourse(channel, pairs[index], pairs[index + 1]);
}
