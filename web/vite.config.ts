import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { cspHashes } from "./tools/csp-hashes.ts";
import { precompress } from "./tools/precompress.ts";

const api = process.env.BALU_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), cspHashes(), precompress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../balu/web_dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: ["chrome119", "firefox121", "safari17.4"],
    // data: URLs in CSS and script would hide bytes from the cache and from the size check.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { "/api": { target: api, ws: true } },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/kernel/testing/setup.ts"],
  },
});
