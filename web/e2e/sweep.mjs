// Every page x light and dark x desktop and phone x English and German: no axe violation, no complaint.
// BALU_PICTURES names a folder that gets a picture of each.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, openPage, startServer } from "./harness.mjs";
import { homelab } from "./operations/homelab.mjs";

const PICTURES = process.env.BALU_PICTURES;
const PAGES = {
  home: "/",
  files: "/files/",
  trash: "/trash",
  people: "/server/people",
  account: "/account",
  inventory: "/server/inventory",
  device: "/server/inventory/1",
  import: "/server/inventory/import",
  discover: "/server/inventory/discover",
  deleted: "/server/inventory/deleted",
  vendors: "/server/inventory/catalogues",
  models: "/server/inventory/catalogues?tab=models",
  places: "/server/inventory/catalogues?tab=locations",
  monitoring: "/server/inventory/monitoring",
};
const BARE = { login: "/login", reset: "/reset", setup: "/setup" };
const CONTENT = {
  "Garden plan.pdf": 348_211,
  "Holiday budget.xlsx": 21_480,
  "House viewing.mp4": 4_120_733,
  "Letter to the landlord.docx": 18_204,
  "Recipe for bread.md": 2_310,
  "Summer song.mp3": 3_204_551,
  "View from the pass.jpg": 1_812_040,
  "old notes.txt": 812,
};
let server;

before(async () => {
  server = await startServer();
  const desk = await openPage(server);
  for (const name of ["Documents", "Family photos", "Music", "Tax 2025"])
    await desk.api("POST", "/api/files/folder", { path: "", name });
  for (const [name, size] of Object.entries(CONTENT))
    await desk.api("PUT", `/api/files/content/${encodeURIComponent(name)}`, "x".repeat(size));
  await desk.api("DELETE", "/api/files/old%20notes.txt");
  await desk.api("POST", "/api/inventory/bulk/devices/import", Buffer.from(homelab()));
  await desk.api("DELETE", "/api/inventory/devices/2");
  await desk.close();
});
after(() => server?.stop());

for (const language of ["en", "de"]) {
  for (const dark of [false, true]) {
    for (const phone of [false, true]) {
      const look = `${phone ? "390" : "1280"}-${dark ? "dark" : "light"}-${language}`;
      test(`no axe violation at ${look}`, async (t) => {
        const desk = await openPage(server, { phone, dark, language, allow: [401] });
        t.after(() => desk.close());
        const found = [];
        const visit = async (pages) => {
          for (const [name, path] of Object.entries(pages)) {
            await desk.page.goto(path);
            await desk.page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
            await desk.page.waitForLoadState("networkidle");
            for (const one of await axe(desk.page)) found.push(`${name}: ${one}`);
            if (PICTURES) await desk.page.screenshot({ path: join(PICTURES, `${name}-${look}.png`) });
          }
        };
        await visit(PAGES);
        await desk.context.clearCookies();
        await visit(BARE);
        assert.deepEqual(found, []);
        assert.deepEqual(desk.problems, []);
      });
    }
  }
}
