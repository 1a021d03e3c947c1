// From an empty server to files on disk in one click and a drop, then a second factor and a second person.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ADMIN, openPage, startServer, systemDrop } from "../harness.mjs";
import { totp } from "../totp.mjs";

let server;
let local;

before(async () => {
  server = await startServer({ claimed: false });
  local = await mkdtemp(join(tmpdir(), "balu-first-"));
});
after(async () => {
  await server?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

test("setup, drop, download, second factor, second person", async (t) => {
  const desk = await openPage(server, { allow: [401] });
  const { page, problems, api } = desk;
  t.after(() => desk.close());
  const code = (await readFile(join(server.data, "run/setup-code"), "utf8")).trim();
  await page.goto(`/setup#code=${code}`);
  await page.getByLabel("User name").fill(ADMIN.username);
  await page.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(/:\d+\/$/);
  await page.getByRole("button", { name: "Upload files" }).first().waitFor();

  const bytes = { "Trip/day 1/a.txt": "first day", "Trip/ü.bin": Buffer.from([0, 255, 10, 13]) };
  await mkdir(join(local, "Trip/day 1"), { recursive: true });
  for (const [path, content] of Object.entries(bytes)) await writeFile(join(local, path), content);
  await systemDrop(page, [join(local, "Trip")]);
  await page.locator(".uploads-title", { hasText: "2 files uploaded" }).waitFor();
  for (const [path, content] of Object.entries(bytes)) {
    const kept = await readFile(join(server.data, "volumes/main", ADMIN.username, path));
    assert.deepEqual(kept, Buffer.from(content));
    const address = `/api/files/download/${path.split("/").map(encodeURIComponent).join("/")}`;
    assert.deepEqual(Buffer.from(await api("GET", address)), Buffer.from(content));
  }

  await page.goto("/server/people");
  await page.getByRole("button", { name: "Add person" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("User name").fill("berta");
  await dialog.getByLabel("Password", { exact: true }).fill("Other-Horse-8");
  await dialog.getByLabel("Storage limit").fill("5");
  await dialog.getByRole("button", { name: "Add person" }).click();
  await page.getByText("berta can sign in now.").waitFor();
  await page.getByText("5 GB").first().waitFor();

  const { secret } = await api("POST", "/api/auth/2fa/setup", {});
  await api("POST", "/api/auth/2fa/verify", { code: totp(secret), secret });
  await desk.context.clearCookies();
  await page.goto("/login");
  await page.getByLabel("User name").fill(ADMIN.username);
  await page.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  // A code counts once: the next one is within the tolerated step.
  await page.getByLabel("Code").fill(totp(secret, 1));
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL(/:\d+\/$/);
  await page.getByRole("button", { name: "Upload files" }).first().waitFor();
  assert.deepEqual(problems, []);
});
