// Many files at once: a job deletes them and Undo brings every one back; the dialog moves without dragging.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, openPage, startServer } from "../harness.mjs";

const COUNT = 200;
let server;

before(async () => {
  server = await startServer();
});
after(() => server?.stop());

test("200 files go to the trash as one job, but one, and Undo brings them back", async (t) => {
  const { page, close, problems, api } = await openPage(server);
  t.after(close);
  await api("POST", "/api/files/folder", { path: "", name: "many" });
  const folder = join(server.data, "volumes/main/anna/many");
  for (let n = 0; n < COUNT; n += 1) await writeFile(join(folder, `f${String(n).padStart(3, "0")}.txt`), `${n}`);
  const total = async () => (await api("GET", "/api/files/list?path=many&limit=1")).total;
  await page.goto("/files/many");
  await page.locator(".file-rows [role=row]").first().focus();
  await page.keyboard.press("Control+a");
  await page.getByText("200 selected").first().waitFor();
  await page.getByRole("checkbox", { name: "Select f000.txt" }).click();
  await page.getByText("199 selected").first().waitFor();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Moved 199 items to the trash").waitFor();
  assert.equal(await total(), 1);
  await page.getByRole("button", { name: /^Undo/ }).first().click();
  await page.getByText("Restored 199 items").waitFor();
  assert.equal(await total(), COUNT);
  assert.deepEqual(problems, []);
});

test("the dialog moves into a folder, and Undo moves back", async (t) => {
  const { page, close, problems, api } = await openPage(server);
  t.after(close);
  for (const [path, name] of [["", "desk"], ["desk", "drawer"]]) await api("POST", "/api/files/folder", { path, name });
  await api("PUT", "/api/files/content/desk/letter.txt", "dear all");
  const names = async (path) => (await api("GET", `/api/files/list?path=${path}`)).files.map((one) => one.name);
  await page.goto("/files/desk");
  await page.getByText("letter.txt", { exact: true }).click();
  await page.getByRole("button", { name: /^Move to/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "drawer" }).click();
  assert.deepEqual(await axe(page), []);
  await dialog.getByRole("button", { name: "Move to drawer" }).click();
  await page.getByText("Moved 1 item to drawer").waitFor();
  assert.deepEqual(await names("desk/drawer"), ["letter.txt"]);
  await page.getByRole("button", { name: /^Undo/ }).first().click();
  await page.getByText("letter.txt", { exact: true }).waitFor();
  assert.deepEqual(await names("desk/drawer"), []);
  assert.deepEqual(problems, []);
});
