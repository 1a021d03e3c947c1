import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { inlineIcon } from "./tools/inline-icon.ts";
import { precompress } from "./tools/precompress.ts";
import { shellWorker } from "./tools/shell-worker.ts";

const api = process.env.BALU_API ?? "http://127.0.0.1:8000";

/** What every page needs; not what the kernel itself loads later. */
const START = new RegExp(
  [
    /node_modules\/(react|react-dom|scheduler|@tanstack|openapi-fetch|lucide-react)\//,
    /src\/(main|nav|routes)\.tsx?$/,
    /src\/kernel\/(?!i18n\/(en|de)\.ts|dev\/|offline\/|shell\/(palette|matching|more))/,
    /src\/.*\.css$/,
    // Home takes what is dropped from its first moment on.
    /src\/storage\/(files\/drop|uploads\/collect)\.ts$/,
  ]
    .map((one) => one.source)
    .join("|"),
);

export default defineConfig({
  plugins: [react(), inlineIcon(), shellWorker(), precompress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../balu/web_dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: ["chrome123", "firefox121", "safari17.5"],
    // data: URLs in CSS and script would hide bytes from the cache and from the size check.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // Few requests before the first paint: one file for the frameworks, the kernel and the styles of every
        // page, one for the words of a language, one for each area. What an area shows later has its own.
        codeSplitting: {
          groups: [
            { name: "index", test: START },
            { name: "en", test: /src\/(kernel\/i18n|home|storage\/(files|trash))\/en\.ts$/ },
            { name: "de", test: /src\/(kernel\/i18n|home|storage\/(files|trash))\/de\.ts$/ },
            { name: "auth", test: /src\/identity\/auth\/(?!setup|reset|rules)/ },
            {
              name: "files",
              test: /src\/storage\/(files|uploads|vaults)\/(?!open-dialog|dialogs|details|locked|bar|follow|host|panel|conflict|create)/,
            },
            // The list and the tiles of Home with what they need; then dialogs and the other pages.
            { name: "inventory", test: /src\/operations\/inventory\/(page|tiles)\.tsx$/ },
            { name: "inventory-more", test: /src\/operations\/inventory\/(?!(en|de|faults-\w+)\.ts$)/ },
          ],
        },
      },
    },
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
