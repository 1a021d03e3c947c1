// Puts what /docs and /redoc load into the build: both viewers, and our style and start scripts.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";

const web = new URL("..", import.meta.url);
const target = new URL("../balu/web_dist/docs/", web);
const OWN = ["balu.css", "swagger-init.js", "redoc-init.js"];
const VIEWERS = [
  "swagger-ui-dist/swagger-ui.css",
  "swagger-ui-dist/swagger-ui-bundle.js",
  "redoc/bundles/redoc.standalone.js",
];
// Redoc shows a picture from its makers' server below the menu; ours may not call anybody.
const FOREIGN = /https:\/\/cdn\.redoc\.ly\/[\w./-]+/g;

await mkdir(target, { recursive: true });
await cp(new URL("public/favicon.svg", web), new URL("mark.svg", target));
for (const name of OWN) await cp(new URL(`docs/${name}`, web), new URL(name, target));
for (const path of VIEWERS) {
  const text = await readFile(new URL(`node_modules/${path}`, web), "utf8");
  const local = text
    .replaceAll(FOREIGN, "/docs/assets/mark.svg")
    .replaceAll(/^\/[/*]# sourceMappingURL=.*$/gm, "");
  await writeFile(new URL(path.split("/").at(-1), target), local);
}
