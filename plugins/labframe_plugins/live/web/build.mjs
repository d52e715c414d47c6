// Builds the page into the folder that is named: `node build.mjs FOLDER` (`../static` without a name).
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? join(web, "..", "static"));

await mkdir(folder, { recursive: true });
await build({
  absWorkingDir: web,
  entryPoints: { page: "src/main.ts", style: "src/style.css" },
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome111", "firefox113", "safari16.4"],
  legalComments: "none",
  loader: { ".woff2": "file" },
  assetNames: "[name]-[hash]",
  outdir: folder,
  logLevel: "warning",
});
await copyFile(join(web, "index.html"), join(folder, "index.html"));
await copyFile(join(web, "icon.svg"), join(folder, "icon.svg"));
await copyFile(join(web, "node_modules/uplot/LICENSE"), join(folder, "uplot-LICENSE.txt"));
await copyFile(join(web, "node_modules/@fontsource-variable/inter/LICENSE"), join(folder, "inter-LICENSE.txt"));
