// The interface without its server: what is kept for that, what is not, and how a new version comes.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";
import { openPage, startServer } from "../harness.mjs";

let server;

before(async () => {
  server = await startServer();
});
after(() => server?.stop());

/** Loads the page again under its service worker. */
async function controlled(page) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
}

/** Addresses that the browser keeps for the interface, by the name of their cache. */
const kept = (page) =>
  page.evaluate(async () => {
    const found = {};
    for (const name of await caches.keys()) {
      const requests = await (await caches.open(name)).keys();
      found[name] = requests.map((one) => new URL(one.url).pathname);
    }
    return found;
  });

test("a part that gets lost on the way is asked for again, and the page stays", async (t) => {
  const { page, context, close, problems, api } = await openPage(server);
  t.after(close);
  await api("PUT", "/api/files/content/stays.txt", "x");
  const lost = new Set();
  await context.route(/\/assets\/(follow|host|add|register)-[\w-]+\.js$/, (route) => {
    const address = route.request().url();
    if (lost.has(address)) return route.continue();
    lost.add(address);
    return route.abort("connectionreset");
  });
  await page.goto("/files/");
  await page.getByText("stays.txt", { exact: true }).waitFor();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["x"], "pasted.txt"));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  });
  await page.getByRole("heading", { name: "1 file uploaded" }).waitFor();
  await api("PUT", "/api/files/content/elsewhere.txt", "x");
  await page.getByText("elsewhere.txt", { exact: true }).waitFor();
  assert.equal(lost.size, 4, [...lost].join());
  assert.deepEqual(problems, []);
});

test("a page whose script cannot be fetched is shown when the server is back", async (t) => {
  const { page, context, close, problems } = await openPage(server);
  t.after(close);
  await page.goto("/files/");
  await page.getByRole("heading", { name: "My files" }).waitFor();
  await context.setOffline(true);
  await page.getByRole("link", { name: "People" }).click();
  await page.getByText("No connection to the server").waitFor();
  await context.setOffline(false);
  await page.getByRole("heading", { name: "People" }).waitFor();
  assert.deepEqual(problems, []);
});

test("the interface starts without the server and goes on when it is back; only its own files are kept", async (t) => {
  const { page, close, problems, api } = await openPage(server, { worker: true });
  t.after(close);
  await api("PUT", "/api/files/content/secret.txt", "for nobody else");
  await page.goto("/files/");
  await page.getByText("secret.txt", { exact: true }).waitFor();
  await controlled(page);
  await page.getByText("secret.txt", { exact: true }).waitFor();
  const text = await page.evaluate(async () => (await fetch("/api/files/download/secret.txt")).text());
  assert.equal(text, "for nobody else");
  const caches = Object.values(await kept(page));
  assert.equal(caches.length, 1);
  assert.ok(caches[0].includes("/index.html"));
  assert.deepEqual(caches[0].filter((path) => path !== "/index.html" && !/^\/assets\/[\w.-]+$/.test(path)), []);

  await server.kill();
  await page.goto("/files/");
  await page.getByText("The server cannot be reached.").waitFor();
  assert.equal(await page.getByText("secret.txt").count(), 0);
  await server.revive();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("secret.txt", { exact: true }).waitFor();

  await page.getByRole("button", { name: /^Account:/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Balu" }).waitFor();
  await page.goto("/files/");
  await page.getByRole("heading", { name: "Sign in to Balu" }).waitFor();
  // The page that could not ask who is signed in says so in the console, too.
  assert.deepEqual(problems.filter((one) => !one.startsWith("Problem: TypeError: Failed to fetch")), []);
});

test("a new version waits until somebody asks for it, and the old one's files go", async (t) => {
  const host = await newerHost();
  t.after(() => host.close());
  const { page, close, problems } = await openPage({ url: host.url, cookies: [] }, { worker: true });
  t.after(close);
  await page.goto("/login");
  await controlled(page);
  const [old] = Object.keys(await kept(page));
  host.update();
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
  await page.getByText("A new version of Balu is ready.").waitFor();
  assert.ok(Object.keys(await kept(page)).includes(old), "the page still runs the old version");
  const again = page.waitForEvent("load");
  await page.getByRole("button", { name: "Reload" }).click();
  await again;
  await page.getByRole("heading", { name: "Sign in to Balu" }).waitFor();
  await page.waitForFunction(async (name) => !(await caches.keys()).includes(name), old);
  assert.equal(Object.keys(await kept(page)).length, 1);
  assert.deepEqual(problems, []);
});

test("a page that is of the waiting version already is not bothered", async (t) => {
  const host = await newerHost();
  t.after(() => host.close());
  const { page, close, problems } = await openPage({ url: host.url, cookies: [] }, { worker: true });
  t.after(close);
  host.update({ sameScripts: true });
  await page.goto("/login");
  await controlled(page);
  host.update({ sameScripts: true });
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
  await page.waitForFunction(async () => {
    const { active, installing, waiting } = await navigator.serviceWorker.getRegistration();
    return !installing && !waiting && active.state === "activated" && (await caches.keys()).join().includes("update-2");
  });
  assert.equal(await page.getByText("A new version of Balu is ready.").count(), 0);
  assert.deepEqual(problems, []);
});

/** The server at another address, which can be told to hand out another version's service worker. */
async function newerHost() {
  let updates = 0;
  let foreign = false;
  const target = new URL(server.url);
  const proxy = createServer((asked, answer) => {
    const headers = { ...asked.headers, host: target.host };
    if (asked.url === "/sw.js") for (const name of ["accept-encoding", "if-none-match"]) delete headers[name];
    const forwarded = request({ ...options(target), path: asked.url, method: asked.method, headers }, async (got) => {
      if (asked.url !== "/sw.js" || updates === 0) {
        answer.writeHead(got.statusCode, got.headers);
        got.pipe(answer);
        return;
      }
      const parts = [];
      for await (const part of got) parts.push(part);
      let text = Buffer.concat(parts).toString("utf8").replace(/version:\s*"\w+"/, `version: "update-${updates}"`);
      if (foreign) text = text.replace(/\/assets\/index-[\w-]+\.js/, "/favicon.svg");
      const { "content-length": _, etag: __, ...kept } = got.headers;
      answer.writeHead(got.statusCode, kept);
      answer.end(text);
    });
    forwarded.on("error", () => answer.destroy());
    asked.pipe(forwarded);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    update: ({ sameScripts = false } = {}) => {
      updates += 1;
      foreign = !sameScripts;
    },
    close: () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

const options = ({ hostname, port }) => ({ hostname, port });
