// The own account: picture, app passwords, recovery codes, PIN, and the ways back after a lost password.
// BALU_PICTURES names a folder that gets a picture of each new page.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ADMIN, axe, openPage, startServer } from "../harness.mjs";
import { startMailbox } from "../mailbox.mjs";
import { totp } from "../totp.mjs";

const PICTURES = process.env.BALU_PICTURES;
const NEW = "Other-Horse-8";
let server;
let mailbox;
let local;

before(async () => {
  mailbox = await startMailbox();
  server = await startServer({
    settings: (url) => `
      [server]
      base_url = "${url}"
      loopback_is_local = true
      [mail]
      host = "127.0.0.1"
      port = ${mailbox.port}
      tls = "none"
      sender = "balu@example.org"`,
  });
  local = await mkdtemp(join(tmpdir(), "balu-account-"));
});
after(async () => {
  await server?.stop();
  mailbox?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

async function look(desk, name, found) {
  await desk.page.waitForLoadState("networkidle");
  for (const one of await axe(desk.page)) found.push(`${name}: ${one}`);
  if (PICTURES) await desk.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

test("picture, app password, recovery codes, two steps and PIN", async (t) => {
  const desk = await openPage(server, { allow: [401, 403] });
  const { page, api } = desk;
  t.after(() => desk.close());
  const found = [];

  await page.goto("/account");
  const picture = join(local, "me.bmp");
  await writeFile(picture, bitmap(900, 600));
  await page.getByLabel("Choose picture").setInputFiles(picture);
  await page.getByText("Picture saved.").waitFor();
  const { avatar_url } = await api("GET", "/api/auth/me");
  const kept = await api("GET", avatar_url);
  assert.equal(Buffer.from(kept).subarray(0, 2).toString("hex"), "ffd8");
  await page.locator(`.top-bar img.avatar, header img.avatar`).first().waitFor();
  await look(desk, "profile", found);
  await writeFile(join(local, "no.png"), "<svg xmlns='http://www.w3.org/2000/svg'/>");
  await page.getByLabel("Choose picture").setInputFiles(join(local, "no.png"));
  await page.getByText("This file is not a picture").waitFor();
  await page.getByRole("button", { name: "Remove picture" }).click();
  await page.getByText("Picture removed.").waitFor();

  await page.getByRole("tab", { name: "Security" }).click();
  await page.getByRole("button", { name: "Add app password" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What is it for?").fill("Television");
  await dialog.getByLabel("Access").selectOption("read");
  await dialog.getByRole("button", { name: "Create" }).click();
  const secret = await dialog.getByLabel("App password").inputValue();
  assert.match(secret, /^([a-z2-9]{5}-){5}[a-z2-9]{5}$/);
  await look(desk, "app-password", found);
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("Only read files").waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await page.getByRole("button", { name: "Revoke Television" }).click();
  await dialog.getByRole("button", { name: "Revoke Television" }).click();
  await page.getByText("No app passwords yet.").waitFor();

  await page.getByText("Turn on two-step sign-in first.").waitFor();
  await page.getByRole("button", { name: "New recovery codes" }).click();
  await dialog.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await dialog.getByRole("button", { name: "Make new codes" }).click();
  const codes = dialog.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await codes.nth(9).waitFor();
  assert.equal(await codes.count(), 10);
  await dialog.getByLabel("I have kept these codes").check();
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("10 recovery codes left").waitFor();

  const { secret: key } = await api("POST", "/api/auth/2fa/setup", {});
  await api("POST", "/api/auth/2fa/verify", { code: totp(key, -1), secret: key });
  await page.reload();
  await page.getByRole("button", { name: "Choose PIN" }).click();
  await dialog.getByLabel("New PIN").fill("2580");
  await dialog.getByLabel("6-digit code").fill("000000");
  await dialog.getByRole("button", { name: "Choose PIN" }).click();
  await dialog.getByText("This code is wrong.").waitFor();
  await dialog.getByLabel("6-digit code").fill(totp(key));
  await dialog.getByRole("button", { name: "Choose PIN" }).click();
  await page.getByText("Your PIN is set.").waitFor();
  await page.getByRole("button", { name: "Change PIN" }).waitFor();
  await look(desk, "security", found);

  await desk.context.clearCookies();
  await page.goto("/login");
  await page.getByRole("button", { name: "Sign in with PIN" }).click();
  await page.getByLabel("User name").fill(ADMIN.username);
  await page.getByLabel("PIN", { exact: true }).fill("2580");
  await look(desk, "login-pin", found);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/:\d+\/$/);

  // A PIN proves too little for a new address, which could fetch a new password.
  await page.goto("/account");
  await page.getByLabel("E-mail").fill("anna@example.org");
  await page.getByRole("button", { name: "Save" }).click();
  await dialog.getByLabel("Password", { exact: true }).fill("wrong");
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await dialog.getByText("This is not your password.").waitFor();
  await look(desk, "proof", found);
  await dialog.getByLabel("Password", { exact: true }).fill(ADMIN.password);
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal((await api("GET", "/api/auth/me")).email, "anna@example.org");

  await page.goto("/account?tab=security");
  await page.getByRole("button", { name: "Remove PIN" }).click();
  await page.getByText("Your PIN is removed.").waitFor();
  await api("POST", "/api/auth/2fa/disable", { password: ADMIN.password, code: totp(key, 1) });
  assert.deepEqual(found, []);
  assert.deepEqual(desk.problems, []);
});

test("the security page fits a phone, in German and in the dark", async (t) => {
  const desk = await openPage(server, { language: "de", dark: true, phone: true });
  const { page } = desk;
  t.after(() => desk.close());
  const found = [];
  await page.goto("/account?tab=security");
  await page.getByRole("heading", { name: "App-Passwörter" }).waitFor();
  await look(desk, "security-de", found);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await page.getByRole("button", { name: "App-Passwort hinzufügen" }).click();
  await page.getByLabel("Wofür ist es?").waitFor();
  await look(desk, "app-password-de", found);
  assert.deepEqual(found, []);
  assert.deepEqual(desk.problems, []);
});

for (const [language, dark, phone] of [
  ["en", false, false],
  ["de", true, true],
]) {
  test(`a lost password comes back by mail, in ${language}`, async (t) => {
    const de = language === "de";
    const desk = await openPage({ ...server, cookies: [] }, { language, dark, phone, allow: [410] });
    const { page } = desk;
    t.after(() => desk.close());
    const found = [];
    const name = `berta-${language}`;
    const admin = await openPage(server);
    await admin.api("POST", "/api/auth/login", { ...ADMIN, session: "cookie" });
    await admin.api("POST", "/api/users/", { username: name, password: ADMIN.password, email: `${name}@example.org` });
    await admin.close();

    await page.goto("/login");
    await page.getByRole("link", { name: de ? "Passwort vergessen?" : "Forgot password?" }).click();
    await page.getByLabel("E-Mail").or(page.getByLabel("E-mail")).fill(`${name}@example.org`);
    await look(desk, `reset-ask-${language}`, found);
    await page.getByRole("button", { name: de ? "Link senden" : "Send link" }).click();
    await page.getByText(de ? "ist ein Link unterwegs" : "a link is on its way").waitFor();
    const mail = await mailbox.next();
    assert.ok(mail.includes(name) && mail.includes(de ? "Hallo" : "Hello"));
    const [link] = /http:\S+/.exec(mail);
    await page.goto(link);
    const field = page.getByLabel(de ? "Neues Passwort" : "New password", { exact: true });
    await field.fill(NEW);
    await look(desk, `reset-set-${language}`, found);
    await page.getByRole("button", { name: de ? "Passwort festlegen" : "Set password" }).click();
    await page.getByText(de ? "Dein Passwort ist festgelegt." : "Your password is set.").waitFor();
    await page.goto(link);
    await page.getByText(de ? "Dieser Link ist abgelaufen" : "This link has ended").waitFor();
    await look(desk, `reset-ended-${language}`, found);
    await page.goto("/login");
    await page.getByLabel(de ? "Benutzername" : "User name").fill(name);
    await page.getByLabel(de ? "Passwort" : "Password", { exact: true }).fill(NEW);
    await page.getByRole("button", { name: de ? "Anmelden" : "Sign in", exact: true }).click();
    await page.waitForURL(/:\d+\/$/);
    assert.deepEqual(found, []);
    assert.deepEqual(desk.problems, []);
  });
}

test("a recovery code sets a new password at the server itself", async (t) => {
  const desk = await openPage({ ...server, cookies: [] }, { allow: [401] });
  const { page, api } = desk;
  t.after(() => desk.close());
  await api("POST", "/api/auth/login", { ...ADMIN, session: "cookie" });
  const { backup_codes } = await api("POST", "/api/auth/recovery-codes", { password: ADMIN.password });
  await desk.context.clearCookies();
  await page.goto("/reset");
  const form = page.getByRole("form", { name: "Recovery code" });
  await form.getByLabel("User name").fill(ADMIN.username);
  await form.getByLabel("Recovery code", { exact: true }).fill("aaaaa-bbbbb");
  await form.getByLabel("New password", { exact: true }).fill(NEW);
  await form.getByRole("button", { name: "Set password" }).click();
  await page.getByText("The user name or the recovery code is wrong.").waitFor();
  await form.getByLabel("Recovery code", { exact: true }).fill(backup_codes[0]);
  await form.getByRole("button", { name: "Set password" }).click();
  await page.getByText("Your password is set.").waitFor();
  await api("POST", "/api/auth/login", { username: ADMIN.username, password: NEW, session: "cookie" });
  assert.deepEqual(desk.problems, []);
});

/** An uncompressed picture of one colour: neither PNG nor JPEG, so the page has to convert it. */
function bitmap(width, height) {
  const row = Math.ceil((width * 3) / 4) * 4;
  const file = Buffer.alloc(54 + row * height, 90);
  file.write("BM", 0);
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(0, 6);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  file.fill(0, 30, 54);
  return file;
}
