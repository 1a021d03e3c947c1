// Uploads that outlive a reload, a killed server and a lost line; and thousands of small files.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPage, startServer, systemDrop } from "../harness.mjs";

const PIECE = 16 * 1024 * 1024;
const BIG = 5 * PIECE + 12_345;
const SMALL = 2_000;
let server;
let local;

before(async () => {
  server = await startServer();
  local = await mkdtemp(join(tmpdir(), "balu-resume-"));
});
after(async () => {
  await server?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

async function folder(t, name, options) {
  const desk = await openPage(server, options);
  t.after(() => desk.close());
  desk.page.on("dialog", (dialog) => dialog.accept());
  await desk.api("POST", "/api/files/folder", { path: "", name });
  await desk.page.goto(`/files/${name}`);
  await desk.page.getByText("This folder is empty").waitFor();
  const cdp = await desk.context.newCDPSession(desk.page);
  const slow = (rate) =>
    cdp.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: rate,
    });
  return { ...desk, name, slow };
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const title = (page, text) => page.locator(".uploads-title", { hasText: text }).waitFor({ timeout: 60_000 });

/** What the page has written down of its uploads. */
const kept = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const request = indexedDB.open("balu-uploads", 1);
        // The page has not made it yet, and has to do that itself.
        request.onupgradeneeded = () => request.transaction.abort();
        request.onerror = () => done([]);
        request.onsuccess = () => {
          const all = request.result.transaction("uploads").objectStore("uploads").getAll();
          all.onsuccess = () =>
            done(all.result.map(({ resumption, blob }) => ({ url: resumption?.url, blob: blob?.size })));
        };
      }),
  );

async function until(true_) {
  for (let tries = 0; tries < 240; tries += 1) {
    if (await true_()) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  assert.fail("it did not come true");
}

/** Waits until the server has stored `bytes` of the one upload that is under way. */
const arrived = (page, api, bytes) =>
  until(async () => {
    const [one] = await kept(page);
    return one?.url && (await api("GET", new URL(one.url, server.url).pathname)).offset >= bytes;
  });

test("a reload in the middle asks for the file again and goes on where it stopped", async (t) => {
  const { page, name, api, slow, problems } = await folder(t, "reloaded");
  const path = join(local, "film.bin");
  const bytes = randomBytes(BIG);
  await writeFile(path, bytes);
  await slow(6_000_000);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByRole("menuitem", { name: "Upload files" }).click();
  await (await chooser).setFiles(path);
  await arrived(page, api, 2 * PIECE);
  await page.reload();
  await page.getByText("1 file stopped when the page was left").waitFor();
  await slow(-1);
  const offsets = [];
  page.on("request", (one) => one.method() === "PATCH" && offsets.push(Number(one.headers()["upload-offset"])));
  const wrong = join(local, "other", "film.bin");
  await mkdir(join(local, "other"));
  await writeFile(wrong, "not the same");
  for (const pick of [wrong, path]) {
    const again = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose files" }).click();
    await (await again).setFiles(pick);
  }
  await title(page, "1 file uploaded");
  await page.getByText("Done, checked byte for byte").waitFor();
  const stored = await api("GET", `/api/files/download/${name}/film.bin`);
  assert.equal(sha256(stored), sha256(bytes));
  assert.ok(Math.min(...offsets) >= 2 * PIECE, `sent again from ${Math.min(...offsets)}`);
  assert.deepEqual(problems, []);
});

test("pasted content goes on after a reload without being picked", async (t) => {
  const { page, name, api, slow, problems } = await folder(t, "placeless");
  await slow(20_000);
  await page.evaluate(() => {
    const data = new DataTransfer();
    const noise = new Uint8Array(1_000_000).map((_, at) => (at * 2654435761) >>> 24);
    data.items.add(new File([noise], "image.png", { type: "image/png" }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  });
  await title(page, "Uploading 0 of 1");
  await until(async () => (await kept(page))[0]?.blob === 1_000_000);
  await page.reload();
  await slow(-1);
  await page.getByText("1 file stopped when the page was left").waitFor();
  await page.locator(".uploads").getByRole("button", { name: "Resume" }).click();
  await title(page, "1 file uploaded");
  const { files } = await api("GET", `/api/files/list?path=${name}`);
  assert.equal(files[0].size, 1_000_000);
  assert.deepEqual(problems, []);
});

test("a server that is killed and comes back is waited for", async (t) => {
  const { page, name, api, slow, problems } = await folder(t, "killed", { allow: [502, 503] });
  const bytes = randomBytes(BIG);
  const path = join(local, "killed.bin");
  await writeFile(path, bytes);
  await slow(6_000_000);
  await systemDrop(page, [path]);
  await arrived(page, api, PIECE);
  await server.kill();
  await server.revive();
  await slow(-1);
  await title(page, "1 file uploaded");
  const stored = await api("GET", `/api/files/download/${name}/killed.bin`);
  assert.equal(sha256(stored), sha256(bytes));
  assert.deepEqual(problems, []);
});

test("two thousand small files go up together, and the page stays awake", async (t) => {
  const { page, name, api, problems } = await folder(t, "many");
  const tree = join(local, "Tree");
  const wanted = new Map();
  for (let n = 0; n < SMALL; n += 1) {
    const where = join(tree, `d${n % 20}`);
    if (n < 20) await mkdir(where, { recursive: true });
    const bytes = randomBytes(500 + (n % 3000));
    wanted.set(`d${n % 20}/f${n}.bin`, sha256(bytes));
    await writeFile(join(where, `f${n}.bin`), bytes);
  }
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration);
    }).observe({ type: "longtask" });
  });
  await systemDrop(page, [tree]);
  await title(page, "2,000 files uploaded");
  t.diagnostic(`longest task ${Math.round(await page.evaluate(() => window.longest))} ms`);
  const batches = requests.filter((one) => one === "/api/uploads/batch").length;
  assert.ok(batches >= SMALL / 200 && batches <= 20, `${batches} batches`);
  assert.ok(requests.filter((one) => one === "/api/files/check-exists").length <= 1);
  let found = 0;
  for (let d = 0; d < 20; d += 1) {
    const { files } = await api("GET", `/api/files/list?path=${name}/Tree/d${d}&limit=500`);
    for (const one of files) {
      const stored = found % 100 === 0 && (await api("GET", `/api/files/download/${one.path}`));
      if (stored) assert.equal(sha256(stored), wanted.get(`d${d}/${one.name}`));
      found += 1;
    }
  }
  assert.equal(found, SMALL);
  assert.deepEqual(problems, []);
});
