// Weight of the first page: the entry, what it preloads and the styles, gzip, against the budget.
import { readFileSync, statSync } from "node:fs";

const folder = new URL("../../balu/web_dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8"));
const BUDGET_KIB = { js: 140, css: 12 };
const START = ["index.html", "src/kernel/i18n/en.ts", "src/home/en.ts", "src/home/page.tsx"];

const files = new Set();
function add(name) {
  const chunk = manifest[name];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const sheet of chunk.css ?? []) files.add(sheet);
  for (const other of chunk.imports ?? []) add(other);
}
START.forEach(add);

const kib = (kind) =>
  [...files].filter((file) => file.endsWith(kind)).reduce((sum, file) => sum + weight(file), 0);
function weight(file) {
  try {
    return statSync(new URL(`${file}.gz`, folder)).size / 1024;
  } catch {
    return statSync(new URL(file, folder)).size / 1024;
  }
}

let failed = false;
for (const [kind, limit] of Object.entries(BUDGET_KIB)) {
  const used = kib(`.${kind}`);
  failed ||= used > limit;
  console.log(`${kind} ${used.toFixed(1)} of ${limit} KiB`);
}
process.exit(failed ? 1 : 0);
