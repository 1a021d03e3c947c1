// A vault: made, used, locked, unlocked, in real Chromium against the real server.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, openPage, startServer, systemDrop } from "../harness.mjs";

const PASSPHRASE = "correct horse battery";
let server;
let local;

before(async () => {
  server = await startServer();
  local = await mkdtemp(join(tmpdir(), "balu-vault-"));
});
after(async () => {
  await server?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

test("a vault is made, keeps files, locks and opens again", async (t) => {
  const desk = await openPage(server, { allow: [403, 423] });
  t.after(() => desk.close());
  const { page, api, problems } = desk;
  await page.goto("/files/");
  await page.getByRole("button", { name: /Actions for the folder/ }).click();
  await page.getByRole("menuitem", { name: "New vault" }).click();
  await page.getByLabel("Name of the vault").fill("Papers");
  await page.getByLabel("Passphrase", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create vault" }).click();
  await page.getByText("Use at least 10 characters.").waitFor();
  await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
  await page.getByLabel("Passphrase again").fill(PASSPHRASE);
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Create vault" }).click();

  const kit = page.getByLabel("Recovery kit", { exact: true });
  await kit.waitFor();
  const value = await kit.inputValue();
  assert.match(value, /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
  await page.keyboard.press("Escape");
  await page.getByLabel("Type its last 6 characters").fill("WRONG!");
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByText("These are not its last 6 characters.").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Type its last 6 characters").fill(value.slice(-6).toLowerCase());
  await page.getByRole("button", { name: "I have kept it" }).click();

  await page.getByText(/The vault Papers is open/).waitFor();
  const file = join(local, "tax-return.txt");
  await writeFile(file, "4711");
  await systemDrop(page, [file]);
  await page.locator(".file-rows [role=row]").filter({ hasText: "tax-return.txt" }).waitFor();
  assert.deepEqual((await api("GET", "/api/files/list?path=Papers.vault")).files.map((one) => one.name), [
    "tax-return.txt",
  ]);
  await page.locator(".uploads-title", { hasText: "1 file uploaded" }).waitFor();

  await page.getByRole("button", { name: "Lock now" }).click();
  await page.getByRole("heading", { name: "This vault is locked" }).waitFor();
  await page.getByText("tax-return.txt").first().waitFor({ state: "detached" });
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Passphrase or recovery kit").fill("wrong horse battery");
  await page.getByRole("button", { name: "Unlock" }).click();
  await page.getByText("This is not the passphrase of the vault. Try again.").waitFor();
  await page.getByLabel("Passphrase or recovery kit").fill(PASSPHRASE);
  await page.getByRole("button", { name: "Unlock" }).click();
  await page.locator(".file-rows [role=row]").filter({ hasText: "tax-return.txt" }).waitFor();

  await page.getByRole("button", { name: "Lock now" }).click();
  await page.getByLabel("Passphrase or recovery kit").fill(value);
  await page.getByRole("button", { name: "Unlock" }).click();
  await page.locator(".file-rows [role=row]").filter({ hasText: "tax-return.txt" }).waitFor();
  assert.deepEqual(problems, []);
});

test("the files of a vault get a new lock", async (t) => {
  const desk = await openPage(server);
  t.after(() => desk.close());
  const { page, api, problems } = desk;
  const made = await api("POST", "/api/vaults", { name: "Locks", passphrase: PASSPHRASE });
  await page.goto("/files/Locks.vault");
  await page.getByText(/The vault Locks is open/).waitFor();
  await page.getByRole("button", { name: "New lock" }).click();
  await page.getByRole("dialog").getByText(/The former lock is erased after a week/).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("dialog").getByRole("button", { name: "New lock" }).click();
  await page.getByText("The files get their new lock").waitFor();
  const state = async () => (await api("GET", "/api/vaults")).find((one) => one.id === made.id);
  while ((await state()).rotating) await page.waitForTimeout(100);
  assert.equal((await state()).key_version, 2);
  // What the bar said while it went on goes away with the job.
  await page.getByText(/get a new lock:|former lock/).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "New lock" }).waitFor();
  assert.deepEqual(problems, []);
});

test("in German the locked vault asks in German", async (t) => {
  const desk = await openPage(server, { language: "de", allow: [423] });
  t.after(() => desk.close());
  const made = await desk.api("POST", "/api/vaults", { name: "Geheim", passphrase: PASSPHRASE });
  await desk.api("POST", `/api/vaults/${made.id}/lock`);
  await desk.page.goto("/files/Geheim.vault");
  await desk.page.getByRole("heading", { name: "Dieser Tresor ist verschlossen" }).waitFor();
  await desk.page.getByLabel("Passphrase oder Notschlüssel").fill(PASSPHRASE);
  await desk.page.getByRole("button", { name: "Aufschließen" }).click();
  await desk.page.getByText(/Der Tresor Geheim ist offen/).waitFor();
  assert.deepEqual(desk.problems, []);
});
