// Uploads under control: answers to conflicts, pause and cancel, both pickers, a pasted picture.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPage, startServer, systemDrop } from "../harness.mjs";

const BIG = 40_000_000;
let server;
let local;

before(async () => {
  server = await startServer();
  local = await mkdtemp(join(tmpdir(), "balu-uploads-"));
});
after(async () => {
  await server?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

async function folder(t, name) {
  const desk = await openPage(server);
  t.after(() => desk.close());
  await desk.api("POST", "/api/files/folder", { path: "", name });
  await desk.page.goto(`/files/${name}`);
  await desk.page.getByText("This folder is empty").waitFor();
  const names = async (path = name) =>
    (await desk.api("GET", `/api/files/list?path=${path}`)).files.map((one) => one.name);
  const text = async (file) => String(await desk.api("GET", `/api/files/download/${name}/${file}`));
  return { ...desk, name, names, text };
}

const title = (page, text) => page.locator(".uploads-title", { hasText: text }).waitFor();

test("replace, skip and only if newer do what they say", async (t) => {
  const { page, name, api, names, text, problems } = await folder(t, "conflicts");
  const cases = [
    ["replace.txt", "Replace", "mine"],
    ["skip.txt", "Skip", "theirs"],
    ["older.txt", "Only if newer", "theirs"],
  ];
  for (const [file, choice, left] of cases) {
    await api("PUT", `/api/files/content/${name}/${file}`, "theirs");
    const path = join(local, file);
    await writeFile(path, "mine");
    await utimes(path, new Date("2001-01-01"), new Date("2001-01-01"));
    await systemDrop(page, [path]);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: new RegExp(`^${choice}`) }).check();
    await dialog.getByRole("button", { name: "Continue" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.locator(".uploads").getByRole("button", { name: "Close", exact: true }).click();
    assert.equal(await text(file), left, file);
  }
  assert.deepEqual(await names(), ["older.txt", "replace.txt", "skip.txt"]);
  assert.deepEqual(problems, []);
});

test("a paused upload goes on and arrives whole; a cancelled one leaves nothing", async (t) => {
  const { page, name, context, api, names, problems } = await folder(t, "control");
  const [first, second] = ["first.bin", "second.bin"].map((one) => join(local, one));
  for (const path of [first, second]) await writeFile(path, Buffer.alloc(BIG, 7));
  const cdp = await context.newCDPSession(page);
  const slow = (rate) =>
    cdp.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: rate,
    });
  await slow(2_000_000);
  await systemDrop(page, [first]);
  await page.getByRole("button", { name: "Pause first.bin" }).click();
  await title(page, "1 file paused");
  await page.getByRole("button", { name: "Resume first.bin" }).click();
  await title(page, "Uploading 0 of 1");
  await slow(-1);
  await title(page, "1 file uploaded");
  const { files } = await api("GET", `/api/files/list?path=${name}`);
  assert.equal(files[0].size, BIG);
  await slow(2_000_000);
  await systemDrop(page, [second]);
  await page.getByRole("button", { name: "Cancel second.bin" }).click();
  await title(page, "1 file uploaded");
  await slow(-1);
  assert.deepEqual(await names(), ["first.bin"]);
  assert.deepEqual(problems, []);
});

test("a name that cannot be fails alone", async (t) => {
  const { page, names, problems } = await folder(t, "names");
  const bad = join(local, "line\nbreak.txt");
  const good = join(local, "good.txt");
  for (const path of [bad, good]) await writeFile(path, "x");
  await systemDrop(page, [bad, good]);
  await title(page, "1 file failed");
  await page.getByText("This path is not allowed.").first().waitFor();
  assert.deepEqual(await names(), ["good.txt"]);
  assert.deepEqual(problems, []);
});

test("both pickers upload", async (t) => {
  const { page, name, names, problems } = await folder(t, "picked");
  const one = join(local, "one.txt");
  await writeFile(one, "1");
  await mkdir(join(local, "Album", "inner"), { recursive: true });
  await writeFile(join(local, "Album", "inner", "p.txt"), "p");
  for (const [button, path, done] of [
    ["Upload files", one, "1 file uploaded"],
    ["Upload folder", join(local, "Album"), "2 files uploaded"],
  ]) {
    const menu = page.getByRole("button", { name: "Upload", exact: true });
    await menu.click();
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("menuitem", { name: button }).click();
    await (await chooser).setFiles(path);
    await title(page, done);
  }
  assert.deepEqual(await names(), ["Album", "one.txt"]);
  assert.deepEqual(await names(`${name}/Album/inner`), ["p.txt"]);
  assert.deepEqual(problems, []);
});

test("a pasted picture becomes a screenshot with a name of its own", async (t) => {
  const { page, names, problems } = await folder(t, "pasted");
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([137, 80, 78, 71])], "image.png", { type: "image/png" }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  });
  await title(page, "1 file uploaded");
  const [only, ...more] = await names();
  assert.match(only, /^Screenshot \d{4}-\d\d-\d\d \d\d\.\d\d\.png$/);
  assert.deepEqual(more, []);
  assert.deepEqual(problems, []);
});
