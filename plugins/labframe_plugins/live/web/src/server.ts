// What is asked of the live server over HTTP.

import { text, thing, type Thing } from "./wire";

/** The server did not do what was asked of it; the message is for people. */
export class ServerRefused extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

/** Returns the answer to a question. */
export async function ask(path: string, query: [string, string][] = [], signal?: AbortSignal): Promise<Thing> {
  const address = new URL(`api/v1/${path}`, location.href);
  address.hash = "";
  address.search = new URLSearchParams(query).toString();
  return answered(await fetch(address, { signal: signal ?? null, headers: authorization() }));
}

/** What to do, and to which host. */
export interface Order {
  host: string;
  method: string;
  arguments: Record<string, unknown>;
  dry_run: boolean;
  id: string;
  who: string;
}

/** Sends a command, and returns the host's answer. */
export async function command(order: Order): Promise<Thing> {
  const address = new URL("api/v1/command", location.href);
  address.hash = "";
  const headers = { ...authorization(), "Content-Type": "application/json" };
  return answered(await fetch(address, { method: "POST", headers, body: JSON.stringify(order) }));
}

/** Returns an id that no other command has. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function answered(response: Response): Promise<Thing> {
  const body = thing(await response.json().catch(() => null));
  if (response.ok) return body;
  const error = thing(body["error"]);
  throw new ServerRefused(text(error["code"]), text(error["text"], `the live server answered ${response.status}`));
}

const KEPT = "labframe.token";

/** Takes a token that the address brings (`#token=...`), and takes it out of the address. */
export function takeToken(): void {
  const given = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (given === undefined) return;
  setToken(decodeURIComponent(given));
  history.replaceState(null, "", "#/overview");
}

export function token(): string {
  return sessionStorage.getItem(KEPT) ?? "";
}

/** Keeps a token until this tab is closed: no cookie, and nothing that another page could send. */
export function setToken(value: string): void {
  if (value) sessionStorage.setItem(KEPT, value);
  else sessionStorage.removeItem(KEPT);
}

function authorization(): Record<string, string> {
  return token() ? { Authorization: `Bearer ${token()}` } : {};
}
