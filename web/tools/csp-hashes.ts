// Writes csp.json: the Content-Security-Policy sources of the inline scripts in index.html,
// so that the server can allow exactly those.
import { createHash } from "node:crypto";
import type { Plugin } from "vite";

export function cspHashes(): Plugin {
  return {
    name: "balu-csp-hashes",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") return;
      const html = page.source.toString();
      const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)];
      const hashes = inline.map(
        ([, code]) => `'sha256-${createHash("sha256").update(code ?? "").digest("base64")}'`,
      );
      this.emitFile({
        type: "asset",
        fileName: "csp.json",
        source: `${JSON.stringify({ "script-src": hashes })}\n`,
      });
    },
  };
}
