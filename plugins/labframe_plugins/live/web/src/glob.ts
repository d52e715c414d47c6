// Filters codenames: by a glob if there is one of its signs, otherwise by words.

export type Filter = (texts: string[]) => boolean;

/** Returns a filter: `*_pressure`, `moon*|fore*`, or words that must all be somewhere. */
export function filterOf(pattern: string): Filter {
  const wanted = pattern.trim().toLowerCase();
  if (!wanted) return () => true;
  if (!/[*?|]/.test(wanted)) {
    const words = wanted.split(/\s+/);
    return (texts) => {
      const whole = texts.join(" ").toLowerCase();
      return words.every((word) => whole.includes(word));
    };
  }
  const globs = wanted.split("|").map((one) => globOf(one.trim()));
  return (texts) => globs.some((glob) => texts.some((text) => glob.test(text.toLowerCase())));
}

function globOf(pattern: string): RegExp {
  const source = [...pattern].map((sign) => {
    if (sign === "*") return ".*";
    if (sign === "?") return ".";
    return sign.replace(/[\\^$.+()[\]{}|/-]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, "su");
}
