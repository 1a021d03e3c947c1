// How much a browser that keeps nothing yet asks for before it can paint.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startServer } from "../harness.mjs";

/** The page itself, start scripts and styles, the words, who is signed in, the page's own chunk and words. */
const MOST_REQUESTS = 8;
let server;

before(async () => {
  server = await startServer();
});
after(() => server?.stop());

/** Opens the address and answers the paths of what was asked for before something was painted. */
async function askedBeforePaint(page, path) {
  await page.goto(path);
  return page.evaluate(async () => {
    const paint = await new Promise((resolve) => {
      const look = (list) => {
        const [entry] = list.getEntriesByName("first-contentful-paint");
        if (entry) resolve(entry.startTime);
      };
      new PerformanceObserver(look).observe({ type: "paint", buffered: true });
    });
    const asked = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
    return asked.filter((one) => one.startTime < paint).map((one) => new URL(one.name).pathname);
  });
}

for (const [path, shown] of [
  ["/", "Upload files"],
  ["/files/", "My files"],
  ["/trash", "The trash is empty"],
  ["/server/inventory", "No devices yet"],
]) {
  test(`${path} asks for little before its first paint`, async (t) => {
    const { page, close, problems } = await openPage(server);
    t.after(close);
    const asked = await askedBeforePaint(page, path);
    assert.ok(asked.includes("/api/bootstrap"), asked.join("\n"));
    assert.ok(asked.length <= MOST_REQUESTS, `${asked.length} requests:\n${asked.join("\n")}`);
    await page.getByText(shown).first().waitFor();
    assert.deepEqual(problems, []);
  });
}
