// Colours and lettering of plots, from the page's style: light or dark.

/** Looked up in the style each time that the scheme changes. */
export interface Ink {
  text: string;
  faint: string;
  line: string;
  paper: string;
  mark: string;
  series: string[];
  font: string;
}

const SERIES = 8;
const dark = matchMedia("(prefers-color-scheme: dark)");

export function ink(): Ink {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: colour("--muted"),
    faint: colour("--grid"),
    line: colour("--line"),
    paper: colour("--surface"),
    mark: colour("--mark"),
    series: Array.from({ length: SERIES }, (_, index) => colour(`--series-${index + 1}`)),
    font: `11px ${style.fontFamily}`,
  };
}

/** Calls when the page becomes light or dark; returns what ends that. */
export function onScheme(listener: () => void): () => void {
  dark.addEventListener("change", listener);
  return () => dark.removeEventListener("change", listener);
}

/** Dashes beside colours: the ninth codename, and whoever sees no colours, needs them. */
const DASHES: number[][] = [[], [], [6, 3], [2, 3], [8, 3, 2, 3], [], [6, 3], [2, 3]];

export function dashOf(index: number): number[] {
  return DASHES[index % DASHES.length] ?? [];
}
