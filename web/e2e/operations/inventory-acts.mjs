// What is done with an inventory now and then: copies, templates, exports, a search that is stopped, in German.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { axe, openPage, startServer } from "../harness.mjs";
import { homelab } from "./homelab.mjs";

let server;

before(async () => {
  // So slow that there is always time to stop a search.
  server = await startServer({ settings: () => "[inventory]\ndiscovery_per_second = 1\n" });
  const desk = await openPage(server);
  await desk.api("POST", "/api/inventory/bulk/devices/import", Buffer.from(homelab()));
  await desk.close();
});
after(() => server?.stop());

const csv = (text) => ({ name: "homelab.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
const found = async (api, name) =>
  (await api("GET", `/api/inventory/search/devices?q=${name}`)).results.find((one) => one.name === name);
const more = async (page, item) => {
  await page.getByRole("button", { name: "More for the inventory" }).click();
  await page.getByRole("menu").getByText(item, { exact: true }).click();
};

test("condensed rows stay so, and an export holds what is shown", async (t) => {
  const { page, close, problems } = await openPage(server);
  t.after(close);
  await page.goto("/server/inventory?type=ip_camera");
  await page.getByRole("columnheader", { name: "Place" }).waitFor();
  await more(page, "Condensed rows");
  await page.getByRole("columnheader", { name: "Place" }).waitFor({ state: "detached" });
  await page.reload();
  await page.getByText("cam-04").waitFor();
  assert.equal(await page.getByRole("columnheader", { name: "Place" }).count(), 0);
  assert.deepEqual(await axe(page), []);
  for (const format of ["CSV", "JSON"]) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      more(page, `Export these as ${format}`),
    ]);
    const text = await readFile(await download.path(), "utf8");
    assert.equal(download.suggestedFilename().endsWith(`.${format.toLowerCase()}`), true);
    assert.equal(text.match(/cam-\d\d/g).length, 10);
    assert.equal(text.includes("plug-05"), false);
  }
  await more(page, "Condensed rows");
  await page.getByRole("columnheader", { name: "Place" }).waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByText("ap-03").waitFor();
  assert.deepEqual(problems, []);
});

test("heads and a menu sort the list, and the address keeps the order", async (t) => {
  const [desk, hand] = await Promise.all([openPage(server), openPage(server, { phone: true, dark: true })]);
  t.after(() => Promise.all([desk.close(), hand.close()]));
  const first = (page, name) => page.locator(".table tbody tr:first-child").getByText(name).waitFor();
  const { page } = desk;
  await page.goto("/server/inventory?type=ip_camera");
  await first(page, "cam-04");
  const head = (name) => page.getByRole("columnheader", { name });
  assert.equal(await head("Name").getAttribute("aria-sort"), "ascending");
  const byName = head("Name").getByRole("button");
  await byName.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/order=desc/);
  await first(page, "cam-58");
  assert.equal(await head("Name").getAttribute("aria-sort"), "descending");
  assert.equal(await byName.evaluate((one) => one === document.activeElement), true);
  await head("Monitoring").getByRole("button").click();
  await page.waitForURL((url) => url.search.includes("sort=monitoring_enabled") && !url.search.includes("order"));
  await first(page, "cam-28");
  assert.equal(await head("Name").getAttribute("aria-sort"), null);
  assert.deepEqual(await axe(page), []);
  await page.reload();
  await first(page, "cam-28");
  await page.goBack();
  await first(page, "cam-58");

  const phone = hand.page;
  const choose = async (item) => {
    await phone.getByRole("button", { name: /^Sort: / }).click();
    await phone.getByRole("menu").getByText(item, { exact: true }).click();
  };
  await phone.goto("/server/inventory");
  await first(phone, "ap-03");
  await choose("Address");
  await phone.waitForURL(/sort=ip_address/);
  await first(phone, "proxmox-00");
  await choose("Descending");
  await phone.waitForURL(/order=desc/);
  await first(phone, "plug-59");
  await phone.getByRole("button", { name: "Sort: Address" }).click();
  assert.deepEqual(await axe(phone), []);
  assert.deepEqual([...desk.problems, ...hand.problems], []);
});

test("a vendor's models narrow the list further", async (t) => {
  const { page, close, problems } = await openPage(server);
  t.after(close);
  await page.goto("/server/inventory");
  await page.getByText("ap-03").waitFor();
  assert.equal(await page.getByLabel("Model", { exact: true }).count(), 0);
  await page.getByLabel("Vendor", { exact: true }).selectOption({ label: "Ubiquiti" });
  await page.getByText("switch-02").waitFor();
  await page.getByLabel("Model", { exact: true }).selectOption({ label: "U6 Pro" });
  await page.waitForURL(/model_id=/);
  await page.getByText("switch-02").waitFor({ state: "detached" });
  assert.equal(await page.locator(".table tbody tr").count(), 10);
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Vendor", { exact: true }).selectOption({ label: "Shelly" });
  await page.waitForURL((url) => !url.searchParams.has("model_id"));
  await page.getByText("plug-05").waitFor();
  assert.deepEqual(problems, []);
});

test("a row that cannot be read says so, and the page does not call the file known", async (t) => {
  const { page, close, problems } = await openPage(server, { phone: true });
  t.after(close);
  await page.goto("/server/inventory/import");
  await page.getByText("monitoring_enabled, tags, notes, monitors").waitFor();
  const file = "name,device_type,function\nprinter,icmp_only,Lab, room 2\n";
  await page.locator("input[type=file]").setInputFiles(csv(file));
  await page.getByText("“room 2” stands behind the last one").waitFor();
  await page.getByText("Mend the wrong rows, or leave them out.").waitFor();
  assert.equal(await page.getByText("is in the inventory already").count(), 0);
  await page.getByLabel("Leave wrong rows out").check();
  await page.getByText("Without the wrong rows nothing is left to import.").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Choose another file" }).click();
  const quoted = file.replace("Lab, room 2", '"Lab, room 2",yes').replace("function", "function,monitoring_enabled");
  await page.locator("input[type=file]").setInputFiles(csv(quoted));
  await page.getByText("Monitors: icmp", { exact: true }).waitFor();
  assert.deepEqual(problems, []);
});

test("a tag leads to everything that has it", async (t) => {
  const { page, close, problems, api } = await openPage(server);
  t.after(close);
  await page.goto(`/server/inventory/${(await found(api, "cam-04")).id}`);
  await page.getByRole("link", { name: "night" }).click();
  await page.waitForURL(/tag=night/);
  await page.getByText("cam-58").waitFor();
  assert.equal(await page.locator(".table tbody tr").count(), 10);
  await page.getByRole("button", { name: "Tag: night" }).click();
  await page.getByText("ap-03").waitFor();
  assert.deepEqual(problems, []);
});

test("a device is copied, becomes a template, and the next one starts from it", async (t) => {
  const { page, close, problems, api } = await openPage(server);
  t.after(close);
  await page.goto(`/server/inventory/${(await found(api, "cam-28")).id}`);
  const act = async (name, item) => {
    await page.getByRole("button", { name: `Actions for ${name}` }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await page.getByRole("button", { name: "Add monitor" }).click();
  await page.getByLabel("Kind").selectOption("http");
  await page.getByRole("dialog").getByRole("button", { name: "Add monitor" }).click();
  await page.getByText("http 192.168.10.29:80").waitFor();
  await page.getByRole("button", { name: "Delete monitor" }).click();
  await page.getByText("Nothing watches this device yet.").waitFor();
  await page.getByRole("button", { name: /^Undo/ }).first().click();
  await page.getByText("http 192.168.10.29:80").waitFor();

  await act("cam-28", "Clone");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("cam-copy");
  await dialog.getByLabel("Address").fill("192.168.10.99");
  await dialog.getByRole("button", { name: "Add device" }).click();
  await page.getByText("cam-copy added").waitFor();
  const copy = await found(api, "cam-copy");
  assert.deepEqual([copy.ip_address, copy.vendor_name], ["192.168.10.99", "Reolink"]);
  assert.deepEqual(copy.tags, ["night", "outdoor"]);
  assert.deepEqual(copy.monitors.map((one) => [one.monitor_type, one.port]), [["http", 80]]);

  await act("cam-28", "Keep as template");
  await page.getByLabel("Name of the template").fill("Yard camera");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Template “Yard camera” kept").waitFor();
  await page.goto("/server/inventory");
  await page.getByRole("button", { name: "Add device" }).first().click();
  await dialog.getByLabel("Start from").selectOption({ label: "Yard camera" });
  await dialog.getByText("With monitors: http").waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("cam-new");
  await dialog.getByRole("button", { name: "Add device" }).click();
  await page.getByText("cam-new added").waitFor();
  const made = await found(api, "cam-new");
  assert.deepEqual([made.model_name, made.location_name, made.ip_address], ["RLC-810A", "Garden", null]);

  await page.goto("/server/inventory/catalogues?tab=templates");
  await act("Yard camera", "Rename");
  await page.getByLabel("Name of the template").fill("Garden camera");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("row", { name: /Garden camera/ }).waitFor();
  assert.deepEqual(await axe(page), []);
  await act("Garden camera", "Delete");
  await page.getByText("Nothing here yet").waitFor();
  await page.getByRole("button", { name: /^Undo/ }).first().click();
  await page.getByRole("row", { name: /Garden camera/ }).waitFor();
  assert.deepEqual(problems, []);
});

test("what an import changed is in the history, field by field", async (t) => {
  const { page, close, problems, api } = await openPage(server);
  t.after(close);
  const file = Buffer.from("name,function,tags\nswitch-08,Upstairs only,spare\n");
  await api("POST", "/api/inventory/bulk/devices/import", file);
  await page.goto(`/server/inventory/${(await found(api, "switch-08")).id}`);
  await page.getByText("Function: Backbone → Upstairs only").waitFor();
  await page.getByText("Tags: empty → spare").waitFor();
  assert.equal(await page.getByText("Name: empty").count(), 0, "how it came in tells nothing new");
  assert.deepEqual(problems, []);
});

test("a device deleted on its own page comes back with its monitors", async (t) => {
  const { page, close, problems, api } = await openPage(server, { phone: true });
  t.after(close);
  const device = await found(api, "proxmox-00");
  const monitor = { monitor_type: "icmp", endpoint: null, port: null, enabled: true, notes: null };
  await api("POST", `/api/inventory/devices/${device.id}/monitors`, monitor);
  await page.goto(`/server/inventory/${device.id}`);
  await page.getByRole("button", { name: "Actions for proxmox-00" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByText("1 device deleted").waitFor();
  await page.waitForURL(/\/server\/inventory$/);
  assert.equal(await found(api, "proxmox-00"), undefined);
  await page.getByRole("button", { name: /^Undo/ }).first().click();
  await page.getByText("1 device restored").waitFor();
  assert.equal((await found(api, "proxmox-00")).monitors.length, 2);
  assert.deepEqual(problems, []);
});

test("what was deleted is found later, and comes back under another name where its own was given away", async (t) => {
  const { page, close, problems, api } = await openPage(server, { phone: true, language: "de", allow: [404] });
  t.after(close);
  const ids = [];
  for (const name of ["vm-01", "vm-07", "vm-13"]) ids.push((await found(api, name)).id);
  await api("POST", "/api/inventory/bulk/devices/delete", { device_ids: ids });
  const cuckoo = await api("POST", "/api/inventory/devices", { name: "VM-01", device_type: "url" });
  await page.goto(`/server/inventory/${ids[0]}`);
  await page.getByRole("link", { name: "Gelöschte Geräte" }).click();
  await page.getByRole("heading", { level: 1, name: "Gelöschte Geräte" }).waitFor();
  const rows = page.locator(".table tbody tr");
  await page.getByText("vm-13").waitFor();
  assert.equal(await rows.count(), 3);
  assert.match(await rows.last().innerText(), /von anna/);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(await page.evaluate(tooSmall), []);

  await page.getByLabel("Geräte suchen").fill("nichts davon");
  await page.getByText("Nichts gefunden").waitFor();
  await page.getByRole("button", { name: "Suche leeren" }).click();
  await page.getByRole("checkbox", { name: "vm-07 auswählen" }).check();
  await page.getByRole("button", { name: "Alle 3 auswählen" }).click();
  await page.getByRole("toolbar").getByRole("button", { name: "Wiederherstellen" }).click();
  await page.getByText("2 Geräte wiederhergestellt").waitFor();
  await page.getByText("1 Gerät nicht wiederhergestellt: Ein anderes Gerät heißt jetzt so.").waitFor();
  await page.getByText("vm-13").waitFor({ state: "detached" });
  assert.equal(await rows.count(), 1);
  const taken = page.getByRole("link", { name: "Ein anderes Gerät heißt jetzt so" });
  assert.equal(await taken.getAttribute("href"), `/server/inventory/${cuckoo.id}`);

  await page.getByRole("button", { name: "vm-01 unter anderem Namen wiederherstellen" }).click();
  await page.getByLabel("Neuer Name").fill("vm-01, die alte");
  assert.deepEqual(await axe(page), []);
  await page.getByRole("dialog").getByRole("button", { name: "Wiederherstellen" }).click();
  await page.getByText("Keine gelöschten Geräte").waitFor();
  assert.equal((await api("GET", `/api/inventory/devices/${ids[0]}`)).name, "vm-01, die alte");
  assert.deepEqual(problems, []);
});

test("the one who was overtaken takes the other version", async (t) => {
  const { page, close, problems, api } = await openPage(server, { phone: true, allow: [412] });
  t.after(close);
  const device = await found(api, "plug-05");
  await page.goto(`/server/inventory/${device.id}`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Function").fill("Heats the tea");
  await api("PUT", `/api/inventory/devices/${device.id}`, { function: "Measures the heating" });
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await dialog.getByText("Function: Measures the heating").waitFor();
  assert.equal(await dialog.getByLabel("Function").inputValue(), "Heats the tea");
  await dialog.getByRole("button", { name: "Take theirs" }).click();
  await dialog.getByText("Somebody else changed this device meanwhile").waitFor({ state: "detached" });
  assert.equal(await dialog.getByLabel("Function").inputValue(), "Measures the heating");
  assert.deepEqual(problems, []);
});

test("a search of the network is stopped, and all that was found is added at once", async (t) => {
  const { page, close, problems, api } = await openPage(server);
  t.after(close);
  const host = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(host, "listening");
  t.after(() => host.close());
  await page.goto("/server/inventory/discover");
  await page.getByLabel("Network, range or addresses").fill("127.0.0.1-250");
  await page.getByText("How to ask").click();
  await page.getByLabel("TCP ports").fill(String(host.address().port));
  await page.getByLabel("Also outside of private networks").check();
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByText(/ %, [1-9]\d* found/).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped before the end").waitFor();
  const button = page.getByRole("button", { name: /^Add all \d+$/ });
  const count = Number((await button.innerText()).match(/\d+/)[0]);
  await button.click();
  await page.getByText(count === 1 ? "1 device added" : `${count} devices added`).waitFor();
  await button.waitFor({ state: "detached" });
  const { results } = await api("GET", "/api/inventory/search/devices?q=127.0.0.&limit=200");
  assert.equal(results.length, count);
  assert.deepEqual(problems, []);
});

test("reachability is switched on, asked for more often, and off again", async (t) => {
  const { page, close, problems, api } = await openPage(server);
  t.after(close);
  const now = () => api("GET", "/api/inventory/reachability");
  const turn = page.getByLabel("Check who is there");
  const answered = () => page.waitForResponse((one) => one.request().method() === "PUT");
  await page.goto("/server/inventory/monitoring");
  await turn.waitFor({ state: "attached" });
  assert.equal(await turn.isChecked(), false);
  await Promise.all([answered(), turn.click()]);
  await Promise.all([answered(), page.getByLabel("How often").selectOption({ label: "Every 15 minutes" })]);
  assert.deepEqual(await now(), { enabled: true, every_minutes: 15 });
  await page.reload();
  await page.getByText("Check who is there").waitFor();
  assert.equal(await turn.isChecked(), true);
  await Promise.all([answered(), turn.click()]);
  assert.equal((await now()).enabled, false);
  assert.deepEqual(problems, []);
});

test("on a phone every target has 44 pixels, and nothing is wider than the screen", async (t) => {
  const { page, close, problems, api } = await openPage(server, { phone: true, language: "de" });
  t.after(close);
  const pages = ["", "?type=ip_camera&tag=night", "/import", "/discover", "/deleted", "/monitoring"];
  pages.push(`/${(await found(api, "cam-16")).id}`, "/catalogues?tab=locations", "/catalogues?tab=templates");
  const small = [];
  for (const path of pages) {
    await page.goto(`/server/inventory${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
    await page.waitForLoadState("networkidle");
    for (const one of await page.evaluate(tooSmall)) small.push(`${path}: ${one}`);
  }
  await page.goto("/server/inventory");
  await page.getByRole("button", { name: "Gerät hinzufügen" }).first().click();
  await page.getByLabel("Vorlage").waitFor();
  for (const one of await page.evaluate(tooSmall)) small.push(`dialog: ${one}`);
  assert.deepEqual(small, []);
  assert.deepEqual(problems, []);
});

/** Runs in the page: what a thumb would miss. A box to tick is as large as its label. */
function tooSmall() {
  const targets = ["button", "a", "input:not([type=file])", "select", "textarea", "summary"];
  const within = document.querySelector("dialog[open]") ?? document.querySelector("main");
  const told = document.documentElement.scrollWidth > innerWidth ? ["wider than the screen"] : [];
  for (const one of within.querySelectorAll(targets.join())) {
    const shown = one.matches("[type=checkbox], [type=radio]") ? (one.closest("label") ?? one) : one;
    const { width, height } = shown.getBoundingClientRect();
    // A pixel may be lost to rounding.
    if (width > 0 && Math.min(width, height) < 43.5)
      told.push(`${one.tagName} ${shown.textContent || one.ariaLabel} ${width} x ${height}`);
  }
  return told;
}

test("what is wrong is told in German, in the preview, in the form and of a whole file", async (t) => {
  const { page, close, problems, api } = await openPage(server, {
    phone: true,
    language: "de",
    allow: [400, 409, 422],
  });
  t.after(close);
  await page.goto("/server/inventory/import");
  const pick = page.locator("input[type=file]");
  await pick.setInputFiles(csv("Host,Address\nnas,10.0.0.1\n"));
  await page.getByText("Keine Spalte heißt name.").waitFor();
  await page.getByRole("button", { name: "Andere Datei auswählen" }).click();
  await pick.setInputFiles(csv(homelab({ slips: true })));
  await page.getByText("192.168.10.311 ist keine IP-Adresse.").waitFor();
  await page.getByText("network_swich ist hier unbekannt. Meintest du Switch?").waitFor();
  await page.getByText("Auch Zeile 7 heißt plug-05. Benenne eine um oder lösche sie.").waitFor();
  assert.deepEqual(await axe(page), []);

  await page.goto(`/server/inventory/${(await found(api, "switch-02")).id}`);
  await page.getByRole("button", { name: "Bearbeiten", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Adresse").fill("10.0.0.0/24");
  await dialog.getByRole("button", { name: "Speichern" }).click();
  await dialog.getByText("10.0.0.0/24 ist ein Netz. Schreibe nur die Adresse des Geräts, etwa 10.0.0.0.").waitFor();
  await dialog.getByLabel("Adresse").fill("10.0.0.2");
  await dialog.getByLabel("Name", { exact: true }).fill("ap-03");
  await dialog.getByRole("button", { name: "Speichern" }).click();
  await dialog.getByText("Dieser Name ist vergeben. Wähle einen anderen.").waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("switch-02");
  // A limit of a field that is folded away again before it is sent.
  await dialog.getByText("Weitere Angaben").click();
  await dialog.getByLabel("Schlagwörter").fill(`kurz, ${"lang".repeat(13)}`);
  await dialog.getByText("Weitere Angaben").click();
  await dialog.getByRole("button", { name: "Speichern" }).click();
  await dialog.getByText("Nimm höchstens 50 Zeichen.").waitFor();
  assert.deepEqual(problems, []);
});
