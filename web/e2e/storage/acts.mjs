// What hands do with files: drag, copy, paste, type a path, press long, purge; and what stops them.
import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, openPage, signIn, startServer, systemDrop } from "../harness.mjs";

let server;
let local;

before(async () => {
  server = await startServer();
  local = await mkdtemp(join(tmpdir(), "balu-acts-"));
});
after(async () => {
  await server?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

const row = (page, name) => page.locator(".file-rows [role=row]").filter({ has: page.getByText(name, { exact: true }) });
const namesIn = async (api, path) => (await api("GET", `/api/files/list?path=${path}`)).files.map((one) => one.name);

/** A folder `name` with these things in it, shown. */
async function folder(t, name, things, options = {}, from = server) {
  const desk = await openPage(from, options);
  t.after(desk.close);
  await desk.api("POST", "/api/files/folder", { path: "", name });
  for (const one of things) {
    if (one.endsWith("/")) await desk.api("POST", "/api/files/folder", { path: name, name: one.slice(0, -1) });
    else await desk.api("PUT", `/api/files/content/${name}/${one}`, `content of ${one}`);
  }
  await desk.page.goto(`/files/${name}`);
  await row(desk.page, things[0].replace("/", "")).waitFor();
  return desk;
}

test("rows are dragged into a folder and onto the path, and copied by the dialog", async (t) => {
  const { page, api, problems } = await folder(t, "drag", ["Box/", "a.txt", "b.txt"]);
  await row(page, "a.txt").dragTo(row(page, "Box"));
  await page.getByText("Moved 1 item to Box").waitFor();
  assert.deepEqual(await namesIn(api, "drag/Box"), ["a.txt"]);
  await row(page, "b.txt").dragTo(page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "My files" }));
  await page.getByText("Moved 1 item to My files").waitFor();
  assert.deepEqual(await namesIn(api, "drag"), ["Box"]);

  await row(page, "Box").dblclick();
  await row(page, "a.txt").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Copy to…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Copy to Box" }).click();
  await page.getByText("Copied 1 item to Box").waitFor();
  await row(page, "a (2).txt").waitFor();
  assert.deepEqual(await namesIn(api, "drag/Box"), ["a (2).txt", "a.txt"]);
  assert.deepEqual(problems, []);
});

test("a path is typed, text is pasted as a note", async (t) => {
  const { page, api, problems } = await folder(t, "typed", ["Inner/"]);
  await page.getByRole("button", { name: "Actions for the folder typed" }).click();
  await page.getByRole("menuitem", { name: "Edit path" }).click();
  const field = page.getByRole("textbox", { name: "Go to path" });
  assert.equal(await field.inputValue(), "/typed");
  await field.fill("/typed/Inner");
  await field.press("Enter");
  await page.waitForURL("**/files/typed/Inner");
  await page.getByText("This folder is empty").waitFor();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "milk, bread");
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  });
  await page.getByRole("dialog").getByRole("button", { name: "Save file" }).click();
  await row(page, "note.txt").waitFor();
  assert.equal(String(await api("GET", "/api/files/download/typed/Inner/note.txt")), "milk, bread");
  assert.deepEqual(problems, []);
});

test("Shift+Del asks and keeps nothing; the trash is emptied", async (t) => {
  const { page, api, problems } = await folder(t, "purge", ["gone.txt", "kept.txt", "old.txt"]);
  await row(page, "gone.txt").click();
  await page.keyboard.press("Shift+Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Delete 1 item" }).click();
  await page.getByText("Deleted 1 item permanently").waitFor();
  assert.deepEqual(await namesIn(api, "purge"), ["kept.txt", "old.txt"]);
  const trashed = async () => (await api("GET", "/api/trash")).items.map((one) => one.name);
  assert.deepEqual(await trashed(), []);
  await api("DELETE", "/api/files/purge/old.txt");
  await page.goto("/trash");
  await page.getByText("old.txt").first().waitFor();
  await page.getByRole("button", { name: "Empty trash" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete 1 item" }).click();
  await page.getByRole("heading", { name: "The trash is empty" }).waitFor();
  assert.deepEqual(await trashed(), []);
  assert.deepEqual(problems, []);
});

test("a long press selects, more taps add, the sheet acts", async (t) => {
  const { page, context, api, problems } = await folder(t, "press", ["one.txt", "three.txt", "two.txt"], { phone: true });
  const cdp = await context.newCDPSession(page);
  const { x, y } = await row(page, "one.txt").locator(".file-label").boundingBox();
  await cdp.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: x + 20, y: y + 10 }] });
  await page.getByText("1 selected").first().waitFor();
  await cdp.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await row(page, "two.txt").tap();
  await page.getByText("2 selected").first().waitFor();
  await page.getByRole("button", { name: "Actions", exact: true }).tap();
  await page.getByRole("menuitem", { name: "Delete" }).tap();
  await page.getByText("Moved 2 items to the trash").waitFor();
  assert.deepEqual(await namesIn(api, "press"), ["three.txt"]);
  assert.deepEqual(problems, []);
});

test("Ctrl+Z takes a delete back that is still under way; what is gone already is called so", async (t) => {
  const { page, api, problems } = await folder(t, "hasty", ["kept.txt", "gone.txt"]);
  let answer;
  const asked = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/files/hasty/kept.txt", (route) => asked.then(() => route.continue()));
  await row(page, "kept.txt").click();
  await page.keyboard.press("Delete");
  await row(page, "kept.txt").waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  answer();
  await page.getByText("Restored 1 item").waitFor();
  await row(page, "kept.txt").waitFor();
  assert.deepEqual(await namesIn(api, "hasty"), ["gone.txt", "kept.txt"]);

  await page.route("**/api/files/hasty/gone.txt", async (route) => {
    await rm(join(server.data, "volumes/main/anna/hasty/gone.txt"));
    await route.continue();
  });
  await row(page, "gone.txt").click();
  await page.keyboard.press("Delete");
  await page.getByText("1 item already gone").waitFor();
  assert.deepEqual(problems, []);
});

test("a disk that is away is called so, and the page goes on when it is back", async (t) => {
  const { page, api, problems } = await folder(t, "away", ["a.txt"], { allow: [503] });
  const [disk, aside] = ["main", "aside"].map((name) => join(server.data, "volumes", name));
  await rename(disk, aside);
  try {
    await page.goto("/files/away");
    await page.getByText("The disk with these files is not connected").first().waitFor();
    assert.equal(await page.getByText("Your storage is full").count(), 0);
    assert.deepEqual(await axe(page), []);
  } finally {
    await rename(aside, disk);
  }
  await row(page, "a.txt").waitFor();
  assert.deepEqual(await namesIn(api, "away"), ["a.txt"]);
  assert.deepEqual(problems, []);
});

test("without the server the page says so, and goes on when it is back", async (t) => {
  const { page, context, problems } = await folder(t, "offline", ["Far/"]);
  await context.setOffline(true);
  await row(page, "Far").dblclick();
  await page.getByText("No connection to the server").waitFor();
  assert.deepEqual(await axe(page), []);
  await context.setOffline(false);
  await page.getByText("No connection to the server").waitFor({ state: "detached" });
  await page.getByText("This folder is empty").waitFor();
  assert.deepEqual(problems, []);
});

test("a full storage and a viewer's folder say what is wrong", async (t) => {
  const owner = await openPage(server);
  t.after(owner.close);
  const full = { username: "fiona", password: "Other-Horse-8" };
  const viewer = { username: "vera", password: "Other-Horse-8" };
  const made = await owner.api("POST", "/api/users", { ...full, quota_bytes: "content of big.txt".length });
  await owner.api("POST", "/api/users", { ...viewer, grade: "viewer" });

  const small = await folder(t, "small", ["big.txt"], { allow: [413, 507] }, { ...server, cookies: await signIn(server.url, full) });
  await small.page.getByText("Your storage is full").waitFor();
  const path = join(local, "more.txt");
  await writeFile(path, "far too much for this");
  await systemDrop(small.page, [path]);
  await small.page.getByText("not enough space").first().waitFor();
  assert.deepEqual(await axe(small.page), []);
  await owner.api("PUT", `/api/users/${made.id}`, { quota_bytes: 5000 });
  await small.page.getByRole("button", { name: /^Try .*again$/ }).first().click();
  await row(small.page, "more.txt").waitFor();
  assert.deepEqual(small.problems, []);

  const look = await openPage({ ...server, cookies: await signIn(server.url, viewer) });
  t.after(look.close);
  await look.page.goto("/files/");
  await look.page.getByText("You can look at this folder but not change it").waitFor();
  assert.equal(await look.page.getByRole("button", { name: "Upload", exact: true }).count(), 0);
  assert.deepEqual(await axe(look.page), []);
  assert.deepEqual(look.problems, []);
});
