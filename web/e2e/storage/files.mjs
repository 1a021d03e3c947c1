// Drop, keyboard, conflicts, trash: the files page in real Chromium against the real server.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, openPage, startServer, systemDrop } from "../harness.mjs";

let server;
let local;
let run = 0;

before(async () => {
  server = await startServer();
  local = await mkdtemp(join(tmpdir(), "balu-drop-"));
});
after(async () => {
  await server?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

/** A folder of its own for each test, shown in a page of its own. */
async function folder(t, names = [], options = {}) {
  const desk = await openPage(server, options);
  t.after(() => desk.close());
  run += 1;
  const name = `t${Date.now()}${run}`;
  await desk.api("POST", "/api/files/folder", { path: "", name });
  for (const one of names) {
    if (one.endsWith("/")) await desk.api("POST", "/api/files/folder", { path: name, name: one.slice(0, -1) });
    else await desk.api("PUT", `/api/files/content/${name}/${encodeURIComponent(one)}`, `content of ${one}`);
  }
  await desk.page.goto(`/files/${name}`);
  if (names.length > 0) await desk.page.getByRole("grid").waitFor();
  else await desk.page.locator("main .empty").waitFor();
  const list = async (path = name) => (await desk.api("GET", `/api/files/list?path=${path}`)).files.map((one) => one.name);
  return { ...desk, name, list };
}

const row = (page, name) => page.locator(".file-rows [role=row]").filter({ has: page.getByText(name, { exact: true }) });
/** Waits until a row has the focus, the one named if a name is given. */
const onRow = (page, name = "") =>
  page.waitForFunction((text) => {
    const now = document.activeElement;
    return now?.getAttribute("role") === "row" && now.textContent.includes(text);
  }, name);
const done = (page, text) => page.locator(".uploads-title", { hasText: text }).waitFor();

test("a system drop of two files and a nested folder loses nothing", async (t) => {
  const { page, name, list, api, problems } = await folder(t);
  const trip = join(local, "Trip");
  await mkdir(join(trip, "day 1", "deep"), { recursive: true });
  await mkdir(join(trip, "empty"));
  const files = [join(local, "a.txt"), join(local, "b 50% #1.txt")];
  await writeFile(files[0], "a");
  await writeFile(files[1], "");
  for (let n = 0; n < 120; n += 1) await writeFile(join(trip, `f${n}.txt`), String(n));
  await writeFile(join(trip, "day 1", "deep", "ü.jpg"), "picture");
  const when = new Date("2020-02-03T04:05:06Z");
  await utimes(files[0], when, when);
  await systemDrop(page, [...files, trip]);
  await done(page, "124 files uploaded");
  assert.deepEqual(await list(), ["Trip", "a.txt", "b 50% #1.txt"]);
  assert.equal((await list(`${name}/Trip`)).length, 122);
  assert.deepEqual(await list(`${name}/Trip/day 1/deep`), ["ü.jpg"]);
  const { files: shown } = await api("GET", `/api/files/list?path=${name}`);
  assert.equal(new Date(shown.find((one) => one.name === "a.txt").modified_at).getTime(), when.getTime());
  await row(page, "Trip").waitFor();
  assert.deepEqual(problems, []);
});

test("a drop on a folder's row goes into that folder", async (t) => {
  const { page, name, list, problems } = await folder(t, ["Inbox/"]);
  const path = join(local, "into.txt");
  await writeFile(path, "x");
  const box = await row(page, "Inbox").boundingBox();
  await systemDrop(page, [path], { x: box.x + 200, y: box.y + box.height / 2 });
  await done(page, "1 file uploaded");
  assert.deepEqual(await list(`${name}/Inbox`), ["into.txt"]);
  assert.deepEqual(problems, []);
});

test("everything works from the keyboard: select, rename, cut, paste, delete, undo", async (t) => {
  const { page, name, list, problems } = await folder(t, ["Archive/", "one.txt", "three.txt", "two.txt"]);
  await page.locator(".file-rows [role=row]").first().focus();
  await page.keyboard.press("t");
  await page.keyboard.press("w");
  await onRow(page, "two.txt");
  await page.keyboard.press("F2");
  await page.keyboard.type("zwei");
  await page.keyboard.press("Enter");
  await row(page, "zwei.txt").waitFor();
  await page.getByText("Renamed to zwei.txt").waitFor();
  assert.deepEqual(await list(), ["Archive", "one.txt", "three.txt", "zwei.txt"]);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await page.locator("[aria-selected=true]").nth(1).waitFor();
  await page.keyboard.press("Control+x");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/${name}/Archive`);
  await page.getByText("This folder is empty").waitFor();
  await page.keyboard.press("Control+v");
  await row(page, "one.txt").waitFor();
  assert.deepEqual(await list(`${name}/Archive`), ["one.txt", "three.txt"]);
  await page.goBack();
  await row(page, "zwei.txt").waitFor();
  await page.locator(".file-rows [role=row][tabindex='0']").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Delete");
  await page.getByText("Moved 1 item to the trash").waitFor();
  assert.deepEqual(await list(), ["Archive"]);
  await onRow(page);
  await page.keyboard.press("Control+z");
  await row(page, "zwei.txt").waitFor();
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("Escape");
  await onRow(page);
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await onRow(page);
  await page.keyboard.press("Alt+ArrowUp");
  await page.waitForURL(/\/files\/?$/);
  assert.deepEqual(problems, []);
});

test("a menu that is told late of its end stays out of the dialog opened after it", async (t) => {
  const { page, problems } = await folder(t, ["one.txt"]);
  await page.evaluate(() => {
    const late = (event) => {
      if (!event.isTrusted || event.newState !== "closed") return;
      event.stopImmediatePropagation();
      const again = new ToggleEvent("toggle", { oldState: "open", newState: "closed" });
      const tell = () => event.target.dispatchEvent(again);
      const watch = new MutationObserver(() => document.querySelector("dialog[open]") && (watch.disconnect(), tell()));
      watch.observe(document, { subtree: true, attributeFilter: ["open"] });
    };
    addEventListener("toggle", late, true);
  });
  await page.locator(".file-rows [role=row]").first().focus();
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("Escape");
  await onRow(page, "one.txt");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.getByRole("menu").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await onRow(page, "one.txt");
  assert.deepEqual(problems, []);
});

test("what has left the list is no longer selected", async (t) => {
  const { page, list, problems } = await folder(t, ["a.txt", "b.txt", "c.txt"]);
  await page.locator(".file-rows [role=row]").first().focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Delete");
  await page.getByText("Moved 1 item to the trash").waitFor();
  await onRow(page, "b.txt");
  await page.keyboard.press("Delete");
  await page.getByText("Moved 1 item to the trash").nth(1).waitFor();
  assert.deepEqual(await list(), ["a.txt"]);
  assert.deepEqual(problems, []);
});

test("several files and folders come down as one zip, one file as it is", async (t) => {
  const { page, problems } = await folder(t, ["Album/", "a.txt", "b.txt"]);
  const saved = async (click) => {
    const [download] = await Promise.all([page.waitForEvent("download"), click()]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  await row(page, "a.txt").click();
  const toolbar = page.getByRole("button", { name: "Download", exact: true }).first();
  const single = await saved(() => toolbar.click());
  assert.equal(single.name, "a.txt");
  await row(page, "Album").click({ modifiers: ["Control"] });
  const zip = await saved(() => toolbar.click());
  assert.match(zip.name, /\.zip$/);
  assert.equal(zip.bytes.subarray(0, 2).toString(), "PK");
  for (const name of ["a.txt", "Album/"]) assert.ok(zip.bytes.includes(name), name);
  assert.deepEqual(problems, []);
});

test("a taken name asks, keeps both by default and applies to all", async (t) => {
  const { page, list, problems } = await folder(t, ["a.txt", "b.txt"], { allow: [409] });
  const files = ["a.txt", "b.txt", "c.txt"].map((one) => join(local, one));
  for (const path of files) await writeFile(path, "newer content");
  await systemDrop(page, files);
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  assert.deepEqual(await axe(page), []);
  await dialog.getByRole("checkbox").check();
  await dialog.getByRole("button", { name: "Continue" }).click();
  await done(page, "3 files uploaded");
  assert.equal((await list()).length, 5);
  assert.ok((await list()).includes("c.txt"));
  assert.deepEqual(problems, []);
});

test("the trash restores, offers another place when the old one is taken, and purges after asking", async (t) => {
  const { page, name, api, list, problems } = await folder(t, ["keep.txt", "gone.txt"], { allow: [409] });
  await row(page, "gone.txt").click();
  await page.keyboard.press("Delete");
  await page.getByText("Moved 1 item to the trash").waitFor();
  await row(page, "keep.txt").click();
  await page.keyboard.press("Delete");
  await page.getByText("Moved 1 item to the trash").nth(1).waitFor();
  await api("PUT", `/api/files/content/${name}/gone.txt`, "a new one");
  await page.goto("/trash");
  await page.getByRole("button", { name: "Restore keep.txt" }).first().click();
  await page.getByText("Restored keep.txt").waitFor();
  await page.getByRole("button", { name: "Restore gone.txt" }).first().click();
  await page.getByRole("button", { name: "Keep both" }).click();
  await page.getByText("Restored gone.txt").waitFor();
  assert.equal((await list()).length, 3);
  await api("DELETE", `/api/files/${name}/keep.txt`);
  await page.reload();
  await page.getByRole("button", { name: "Delete keep.txt permanently" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete permanently" }).click();
  await page.getByText("Deleted keep.txt permanently").waitFor();
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(problems, []);
});

for (const options of [{}, { dark: true, language: "de" }, { phone: true }, { phone: true, dark: true, language: "de" }]) {
  test(`no axe violation ${JSON.stringify(options)}`, async (t) => {
    const names = ["Folder/", "letter.pdf", "photo.jpg", "song.mp3"];
    const { page, problems } = await folder(t, names, options);
    assert.deepEqual(await axe(page), []);
    await page.locator(".file-more button").nth(2).click();
    await page.getByRole("menu").waitFor();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press("Escape");
    assert.deepEqual(problems, []);
  });
}
