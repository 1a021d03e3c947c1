// Puts the icon of the tab into the page itself: it is smaller than the question for it.
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

const ICON = "/favicon.svg";

export function inlineIcon(): Plugin {
  let file = "";
  return {
    name: "balu-inline-icon",
    configResolved(config) {
      file = config.publicDir + ICON;
    },
    async transformIndexHtml(html) {
      const icon = encodeURIComponent((await readFile(file, "utf8")).trim());
      return html.replace(`href="${ICON}"`, `href="data:image/svg+xml,${icon}"`);
    },
  };
}
