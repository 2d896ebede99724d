// Builds the page into dist/, or into the folder that is named. The same sources
// and the same lock give the same bytes.

import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const out = process.argv[2] ?? "dist";
await mkdir(out, { recursive: true });

const { metafile } = await build({
  entryPoints: { app: "src/main.tsx" },
  bundle: true,
  outdir: out,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none", // They are in licenses.txt, whole.
  metafile: true,
  logLevel: "warning",
});
await build({ entryPoints: { app: "src/style.css" }, bundle: true, outdir: out, minify: true, logLevel: "warning" });

// The libraries that are in the bundle, each with its licence.
const packages = new Set();
for (const file of Object.keys(metafile.inputs)) {
  const match = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
  if (match) packages.add(match[1]);
}
let notice = "This page contains these libraries.\n";
for (const name of [...packages].sort()) {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  if (license !== "MIT") throw new Error(`${name} is under ${license}: decide whether the page may contain it`);
  notice += `\n== ${name} ${version}\n\n${(await readFile(join(folder, "LICENSE"), "utf8")).trim()}\n`;
}
await writeFile(join(out, "licenses.txt"), notice);
