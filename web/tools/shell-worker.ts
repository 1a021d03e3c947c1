// Writes sw.js: the service worker with the names of the files that the first page needs.
import { createHash } from "node:crypto";
import { build, type Plugin, type Rolldown } from "vite";

const ENTRY = "src/kernel/offline/worker.ts";
/** Loaded by the first page beside what it imports at once, in the language of its reader. */
const TEXT = /src\/kernel\/i18n\/(?:en|de)\.ts$/;
const START = /src\/main\.tsx$/;

export function shellWorker(): Plugin {
  return {
    name: "balu-shell-worker",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      const page = bundle["index.html"];
      const html = page?.type === "asset" ? String(page.source) : "";
      const files = shellFiles(bundle).map((name) => `/${name}`);
      const version = createHash("sha256")
        .update(files.join() + html)
        .digest("hex")
        .slice(0, 16);
      await build({
        configFile: false,
        publicDir: false,
        logLevel: "warn",
        define: { SHELL: JSON.stringify({ version, files }) },
        build: {
          outDir: dir,
          emptyOutDir: false,
          lib: { entry: ENTRY, formats: ["es"], fileName: () => "sw.js" },
        },
      });
    },
  };
}

/** The entry, the kernel's text, and all they import at once. */
function shellFiles(bundle: Rolldown.OutputBundle): string[] {
  const found = new Set<string>();
  const add = (name: string) => {
    const chunk = bundle[name];
    if (found.has(name) || chunk?.type !== "chunk") return;
    found.add(name);
    for (const sheet of chunk.viteMetadata?.importedCss ?? []) found.add(sheet);
    chunk.imports.forEach(add);
  };
  for (const [name, chunk] of Object.entries(bundle)) {
    if (chunk.type === "chunk" && chunk.moduleIds.some((id) => START.test(id) || TEXT.test(id))) add(name);
  }
  return [...found].sort();
}
