// Makes elements. Everything that comes from a laboratory becomes text here, never markup.

export type Child = Node | string | null | undefined | false;
type Property = string | number | boolean | null | undefined | ((event: Event) => void);

/** Returns an element; `on:click` and the like are listeners, all else are attributes. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Record<string, Property> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) setProperty(element, name, value);
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Returns an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  properties: Record<string, string | number> = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, String(value));
  append(element, children);
  return element;
}

function setProperty(element: Element, name: string, value: Property): void {
  if (typeof value === "function") element.addEventListener(name.slice("on:".length), value);
  else if (typeof value === "boolean") element.toggleAttribute(name, value);
  else if (value !== null && value !== undefined) element.setAttribute(name, String(value));
}

function append(element: Element, children: Child[]): void {
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
}

/** Longer texts are cut: a line of the page is no place for a megabyte. */
const LONGEST = 300;

/** Returns a text as it may be shown: cut. */
export function brief(text: string, longest = LONGEST): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Returns a stranger's text, cut, whose direction of writing ends where it ends. */
export function said(text: string, longest = LONGEST): HTMLElement {
  return el("bdi", {}, brief(text, longest));
}

/** Sets the text of an element, if it is another one: what is the same is not drawn again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets or removes an attribute, if it is another one. */
export function setAttribute(element: Element, name: string, value: string | null): void {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/** Replaces what is in an element; who was in one of its fields or on one of its buttons stays there. */
export function replaceInside(element: Element, ...children: Child[]): void {
  const focused = document.activeElement;
  const isInside = focused instanceof HTMLElement && element.contains(focused);
  element.replaceChildren();
  append(element, children);
  if (isInside && focused.isConnected) focused.focus({ preventScroll: true });
}
