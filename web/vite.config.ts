import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { precompress } from "./tools/precompress.ts";
import { shellWorker } from "./tools/shell-worker.ts";

const api = process.env.BALU_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), shellWorker(), precompress()],
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
        // Few requests before the first paint: the frameworks, and all of the kernel that every page has.
        codeSplitting: {
          groups: [
            { name: "vendor", test: /node_modules\/(react|react-dom|scheduler|@tanstack|openapi-fetch)\// },
            {
              name: "kernel",
              test: /src\/kernel\/(?!i18n\/(en|de)\.ts|dev\/|offline\/|shell\/(palette|matching|more))|lucide-react/,
            },
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
