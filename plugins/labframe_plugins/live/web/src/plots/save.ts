// Saves what is seen: as a picture, as a table.

/** Saves a plot's canvas as PNG, with a title above and on the page's paper. */
export function savePng(plot: HTMLCanvasElement, title: string[], colours: { paper: string; text: string }, name: string): void {
  const ratio = devicePixelRatio;
  const line = 16 * ratio;
  const canvas = document.createElement("canvas");
  canvas.width = plot.width;
  canvas.height = plot.height + (title.length + 0.5) * line;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = colours.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colours.text;
  context.font = `${12 * ratio}px ${getComputedStyle(document.documentElement).fontFamily}`;
  title.forEach((text, index) => context.fillText(text, 12 * ratio, (index + 1) * line, canvas.width - 24 * ratio));
  context.drawImage(plot, 0, (title.length + 0.5) * line);
  canvas.toBlob((blob) => blob && save(blob, `${name}.png`));
}

/** Saves rows as CSV. */
export function saveCsv(rows: (string | number)[][], name: string): void {
  const text = rows.map((row) => row.map(field).join(",")).join("\r\n");
  save(new Blob([`${text}\r\n`], { type: "text/csv;charset=utf-8" }), `${name}.csv`);
}

/** A text that a spreadsheet would calculate with is marked as a text: codenames come from anybody. */
function field(value: string | number): string {
  if (typeof value === "number") return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^\w.-]+/g, "_").slice(0, 120);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
