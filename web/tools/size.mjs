// Weight of the pages, gzip, against their budgets: what a page needs before it can be used. What comes
// after the first paint, such as the list of uploads and dialogs, counts in the sum of all only.
import { readdirSync, readFileSync, statSync } from "node:fs";

const folder = new URL("../../balu/web_dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8"));
/** Groups of vite.config.ts that every page loads: the shell too is part of the first. */
const START = ["index", "en"];
/** Groups and chunks a page loads, and at most how many KiB of script. */
const PAGES = {
  login: [[...START, "auth", "src/identity/en.ts"], 140],
  home: [[...START, "src/home/page.tsx"], 140],
  files: [[...START, "files"], 160],
  inventory: [[...START, "inventory", "src/operations/inventory/en.ts"], 150],
};
const ADMIN = { people: ["src/identity/users/page.tsx", "src/identity/en.ts"] };
const [CSS_KIB, ADMIN_KIB, DIST_KIB] = [12, 40, 1536];

let failed = false;
function judge(what, used, limit) {
  failed ||= used > limit;
  console.log(`${what}: ${used.toFixed(1)} of ${limit} KiB${used > limit ? "  TOO MUCH" : ""}`);
}

/** The manifest gives a group its file's name for a key. */
function group(name) {
  const file = new RegExp(`^_${name}-.{8}\\.js$`);
  return Object.entries(manifest).find(([key]) => file.test(key))?.[1];
}

/** Files of these chunks and of all they import at once. */
function closure(names) {
  const files = new Set();
  const seen = new Set();
  const add = (name) => {
    const chunk = manifest[name] ?? group(name);
    if (!chunk) throw new Error(`${name} is no chunk of the build; mend the list in this file`);
    if (seen.has(name)) return;
    seen.add(name);
    files.add(chunk.file);
    for (const sheet of chunk.css ?? []) files.add(sheet);
    for (const other of chunk.imports ?? []) add(other);
  };
  names.forEach(add);
  return [...files];
}

const kib = (files, kind) =>
  files.filter((file) => file.endsWith(kind)).reduce((sum, file) => sum + weight(file), 0);
function weight(file) {
  const packed = new URL(`${file}.gz`, folder);
  return (statSync(packed, { throwIfNoEntry: false }) ?? statSync(new URL(file, folder))).size / 1024;
}

for (const [name, [chunks, limit]] of Object.entries(PAGES)) {
  const files = closure(chunks);
  judge(`${name}, script`, kib(files, ".js"), limit);
  judge(`${name}, styles`, kib(files, ".css"), CSS_KIB);
}
const shell = kib(closure(START), ".js");
for (const [name, chunks] of Object.entries(ADMIN))
  judge(`${name}, script on top`, kib(closure([...START, ...chunks]), ".js") - shell, ADMIN_KIB);
const every = readdirSync(new URL("assets/", folder)).filter((name) => !/\.(gz|br)$/.test(name));
judge(
  "all of it",
  every.reduce((sum, name) => sum + weight(`assets/${name}`), 0),
  DIST_KIB,
);
process.exit(failed ? 1 : 0);
