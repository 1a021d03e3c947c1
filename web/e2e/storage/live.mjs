// Changes made elsewhere are seen at once, and disturb nothing: focus, a name being typed, the scroll position.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startServer } from "../harness.mjs";

let server;

before(async () => {
  server = await startServer();
});
after(() => server?.stop());

const row = (page, name) => page.locator(".file-rows [role=row]").filter({ has: page.getByText(name, { exact: true }) });
const put = (api, path, text = "x") => api("PUT", `/api/files/content/${path}`, text);

/** A folder with rows, shown in a page whose socket is open and whose sockets the test can reach. */
async function watching(t, name, files) {
  const desk = await openPage(server);
  t.after(desk.close);
  const { page, api } = desk;
  await api("POST", "/api/files/folder", { path: "", name });
  for (const one of files) await put(api, `${name}/${one}`);
  await page.addInitScript(() => {
    const Real = WebSocket;
    window.sockets = [];
    window.WebSocket = class extends Real {
      constructor(...args) {
        super(...args);
        window.sockets.push(this);
      }
    };
  });
  await page.goto(`/files/${name}`);
  await row(page, files[0]).waitFor();
  await open(page, 1);
  return desk;
}

/** Waits until the page has opened its socket for the given time. */
const open = (page, count) => page.waitForFunction((n) => window.sockets.length === n && window.sockets[n - 1].readyState === 1, count);
const renaming = (page) => page.evaluate(() => document.activeElement?.value);

test("rows come, change and go while another browser works", async (t) => {
  const { page, api, problems } = await watching(t, "shared", ["b.txt", "c.txt"]);
  await row(page, "c.txt").click();
  await page.keyboard.press("F2");
  await page.keyboard.type("typed so far");
  const begin = Date.now();
  await put(api, "shared/a.txt");
  await row(page, "a.txt").waitFor();
  t.diagnostic(`a new file was seen after ${Date.now() - begin} ms`);
  assert.equal(await renaming(page), "typed so far.txt");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("c.txt"));
  await api("PUT", "/api/files/rename", { old_path: "shared/b.txt", new_name: "z.txt" });
  await row(page, "z.txt").waitFor();
  await api("DELETE", "/api/files/shared/a.txt");
  await row(page, "a.txt").waitFor({ state: "detached" });
  assert.equal(await page.locator("[aria-selected=true]").first().textContent().then((text) => text.includes("c.txt")), true);
  await page.waitForFunction(() => document.activeElement?.textContent.includes("c.txt"));
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement?.textContent.includes("z.txt"));
  assert.deepEqual(problems, []);
});

test("new rows above the screen do not move what is on it", async (t) => {
  const names = Array.from({ length: 60 }, (_, n) => `row ${String(n).padStart(2, "0")}.txt`);
  const { page, api, problems } = await watching(t, "long", names);
  await page.locator(".file-grid").evaluate((grid) => grid.scrollTo(0, 800));
  const seen = row(page, "row 25.txt");
  await seen.waitFor();
  const { y } = await seen.boundingBox();
  for (const one of ["a1.txt", "a2.txt", "a3.txt"]) await put(api, `long/${one}`);
  await page.waitForFunction(() => document.querySelector("[role=grid]").getAttribute("aria-rowcount") === "64");
  await page.waitForFunction(
    ([text, before]) => {
      const found = [...document.querySelectorAll("[role=row]")].find((one) => one.textContent.includes(text));
      return found && Math.abs(found.getBoundingClientRect().y - before) < 1;
    },
    ["row 25.txt", y],
  );
  assert.deepEqual(problems, []);
});

test("after a cut the list catches up", async (t) => {
  const { page, api, problems } = await watching(t, "cut", ["here.txt"]);
  await page.evaluate(() => window.sockets[0].close());
  await put(api, "cut/missed.txt");
  await open(page, 2);
  await row(page, "missed.txt").waitFor();
  await put(api, "cut/later.txt");
  await row(page, "later.txt").waitFor();
  assert.deepEqual(problems, []);
});
