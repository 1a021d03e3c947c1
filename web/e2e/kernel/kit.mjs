// The kit's own page: each part by keyboard alone, and no part that axe complains about.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, openPage, startServer } from "../harness.mjs";

let server;

before(async () => {
  server = await startServer();
});
after(() => server?.stop());

async function kit(t, options) {
  const desk = await openPage(server, options);
  t.after(desk.close);
  await desk.page.goto("/dev/kit");
  await desk.page.getByRole("heading", { level: 1 }).waitFor();
  await desk.page.getByRole("tablist").waitFor();
  return desk;
}

/** Waits until what has the focus carries these words. */
const focused = (page, text) =>
  page.waitForFunction((words) => {
    const now = document.activeElement;
    const named = [now?.getAttribute("aria-label"), now?.textContent, now?.labels?.[0]?.textContent];
    return now !== document.body && named.some((one) => one?.includes(words));
  }, text);

test("menus: arrows go round, letters jump, Esc gives focus back, Enter acts", async (t) => {
  const { page, problems } = await kit(t);
  const { keyboard } = page;
  await page.getByRole("button", { name: "Open menu" }).focus();
  await keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await focused(page, "Open");
  await keyboard.press("ArrowUp");
  await focused(page, "Delete 3 files");
  await keyboard.press("ArrowDown");
  await focused(page, "Open");
  await keyboard.press("s");
  await focused(page, "Second");
  assert.deepEqual(await axe(page), []);
  await keyboard.press("Enter");
  await focused(page, "Open menu");
  await keyboard.press("Enter");
  await page.getByRole("menuitemradio", { name: "Second", checked: true }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await focused(page, "Open menu");
  assert.deepEqual(problems, []);
});

test("dialog, sheet, panel and question: focus goes in, Esc leads back", async (t) => {
  const { page, problems } = await kit(t);
  const { keyboard } = page;
  for (const opener of ["Open dialog", "Open sheet"]) {
    await page.getByRole("button", { name: opener }).focus();
    await keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Dialogs" });
    await dialog.waitFor();
    await focused(page, "Name");
    assert.deepEqual(await axe(page), []);
    await keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await focused(page, opener);
  }
  await page.getByRole("button", { name: "Open panel" }).focus();
  await keyboard.press("Enter");
  await focused(page, "Actions");
  await keyboard.press("Tab");
  await focused(page, "Not now");
  await keyboard.press("Enter");
  await focused(page, "Open panel");

  await page.getByRole("button", { name: "Ask" }).focus();
  await keyboard.press("Enter");
  const question = page.getByRole("dialog", { name: "Delete 3 files?" });
  await question.waitFor();
  assert.deepEqual(await axe(page), []);
  await keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  assert.equal(await page.getByText("Moved 3 items to the trash").count(), 0);
  await focused(page, "Ask");
  await keyboard.press("Enter");
  await question.getByRole("button", { name: "Delete 3 files" }).focus();
  await keyboard.press("Enter");
  await page.getByText("Moved 3 items to the trash").waitFor();
  assert.deepEqual(problems, []);
});

test("tabs, messages and forms: arrows choose, F6 and Ctrl+Z reach a message, a mistake takes the focus", async (t) => {
  const { page, problems } = await kit(t);
  const { keyboard } = page;
  await page.getByRole("tab", { name: "First" }).focus();
  await keyboard.press("ArrowLeft");
  await page.getByText("This is what belongs to Third.").waitFor();
  await keyboard.press("Home");
  await page.getByText("This is what belongs to First.").waitFor();
  await focused(page, "First");

  await page.getByRole("button", { name: "Say it with Undo" }).focus();
  await keyboard.press("Enter");
  await page.getByText("Moved 3 items to the trash").waitFor();
  await keyboard.press("F6");
  await focused(page, "Undo");
  assert.deepEqual(await axe(page), []);
  await keyboard.press("Control+z");
  await page.locator(".toast", { hasText: "All is well." }).waitFor();

  const form = page.getByRole("form", { name: "Form" });
  await form.getByRole("button", { name: "Save" }).focus();
  await keyboard.press("Enter");
  await form.getByText("Give it a name.").waitFor();
  await focused(page, "Name");
  await keyboard.type("Balu");
  await keyboard.press("Enter");
  await page.locator(".toast", { hasText: "Saved" }).waitFor();
  assert.deepEqual(problems, []);
});

for (const options of [{}, { dark: true }, { phone: true, dark: true, language: "de" }]) {
  test(`every part at once is whole: ${JSON.stringify(options)}`, async (t) => {
    const { page, problems } = await kit(t, options);
    assert.deepEqual(await axe(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    if (process.env.BALU_PICTURES)
      await page.screenshot({ path: `${process.env.BALU_PICTURES}/kit-${options.language ?? "en"}-${options.dark ?? ""}.png`, fullPage: true });
    assert.deepEqual(problems, []);
  });
}

test("it is for administrators", async (t) => {
  const admin = await openPage(server);
  t.after(admin.close);
  const viewer = { username: "vera", password: "Other-Horse-8" };
  await admin.api("POST", "/api/users/", viewer);
  const { page, close, api, problems } = await openPage({ ...server, cookies: [] });
  t.after(close);
  await api("POST", "/api/auth/login", { ...viewer, session: "cookie" });
  await page.goto("/dev/kit");
  await page.waitForURL(/:\d+\/$/);
  // Home greets by the time of day.
  await page.getByRole("heading", { level: 1, name: /, vera$/ }).waitFor();
  assert.deepEqual(problems, []);
});
