// The websocket to the live server: opened, and opened again, for as long as the page is open.

import { thing, type Thing } from "./wire";

/** The server sends something each second; after this time without anything it is lost. */
const LOST_AFTER_MS = 3000;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

/** Whether the server is heard, and if not, since when (`Date.now`, ms); null: it never was. */
export interface ConnectionState {
  connected: boolean;
  lastHeard: number | null;
}

/** Keeps a connection; hands each message over, and each change of its state. */
export class Connection {
  readonly state: ConnectionState = { connected: false, lastHeard: null };
  private socket: WebSocket | null = null;
  private pause = FIRST_PAUSE_MS;
  private next: ReturnType<typeof setTimeout> | undefined;
  private heard = performance.now();

  constructor(
    private readonly take: (message: Thing) => void,
    private readonly changed: () => void,
  ) {
    this.open();
    setInterval(() => this.watch(), 500);
    // A computer that wakes up, or a page that is looked at again, need not wait for its turn.
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.hurry());
  }

  private open(): void {
    clearTimeout(this.next);
    const address = new URL("api/v1/live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heard = performance.now();
    socket.onmessage = (event) => socket === this.socket && this.receive(event.data);
    socket.onclose = () => socket === this.socket && this.lose();
  }

  private receive(data: unknown): void {
    let message: Thing;
    try {
      message = thing(JSON.parse(String(data)));
    } catch {
      return; // A message that is none is no reason to lose the others.
    }
    this.heard = performance.now();
    this.state.lastHeard = Date.now();
    this.pause = FIRST_PAUSE_MS;
    this.take(message);
    if (this.state.connected) return;
    this.state.connected = true;
    this.changed();
  }

  private watch(): void {
    if (this.socket && performance.now() - this.heard > LOST_AFTER_MS) this.lose();
  }

  private lose(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    if (this.state.connected) {
      this.state.connected = false;
      this.changed();
    }
    clearTimeout(this.next);
    this.next = setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(this.pause * 1.6, LONGEST_PAUSE_MS);
  }

  private hurry(): void {
    if (!this.socket) this.open();
  }
}
