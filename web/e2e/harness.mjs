// Starts the real server on loopback with a data directory of its own, makes an administrator and
// opens real Chromium. BALU_E2E_URL names a server that runs already, as the development server does.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.BALU_PYTHON ?? join(ROOT, ".venv/bin/python");
const CHROMIUM = process.env.BALU_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The server refuses settings it does not know, and tests want none of this machine's. */
const ENVIRON = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("BALU_")));
const START_MS = 120_000;
const LOG_KEPT = 100_000;
/** How long a page is waited for: a machine under load is slow, and that breaks nothing. */
const PATIENCE_MS = 60_000;
/** Every script comes up to this much late, in an order of its own: finds what counts on one being there. */
const LATE_MS = Number(process.env.BALU_E2E_LATE_MS ?? 0);
export const ADMIN = { username: "anna", password: "Correct-Horse-7" };

/**
 * A server with one administrator, unless it is to wait for its set-up; `settings` gets its address and answers
 * its balu.toml. `stop` ends it and removes its data.
 */
export async function startServer({ claimed = true, settings } = {}) {
  if (process.env.BALU_E2E_URL) return { url: process.env.BALU_E2E_URL, cookies: [], stop: async () => {} };
  const data = await mkdtemp(join(tmpdir(), "balu-e2e-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  if (settings) await writeFile(join(data, "balu.toml"), settings(url));
  const add = ["users", "add", ADMIN.username, "--role", "admin", "--password-stdin", "--data-dir", data];
  if (claimed) await balu(add, ADMIN.password);
  let log = "";
  const start = async () => {
    // A group of its own, so that a kill takes the workers too.
    const started = spawn(PYTHON, ["-m", "balu", "serve", "--data-dir", data, "--port", String(port)], {
      cwd: ROOT,
      env: ENVIRON,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    started.stderr.on("data", (part) => {
      log = (log + part).slice(-LOG_KEPT);
    });
    await healthy(url, () => log);
    return started;
  };
  let server = await start();
  const stop = async () => {
    server.kill("SIGTERM");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    const bad = log.split("\n").filter((line) => line && !line.includes('"level":"info"'));
    if (bad.length > 0) process.stderr.write(`what the server at ${url} said:\n${bad.join("\n")}\n`);
    await rm(data, { recursive: true, force: true });
  };
  /** Kills it as a power cut would. */
  const kill = async () => {
    process.kill(-server.pid, "SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  };
  /** Starts it again on the same data. */
  const revive = async () => {
    server = await start();
  };
  return { url, data, cookies: claimed ? await signIn(url) : [], stop, kill, revive };
}

/** Signing in is limited to a few times a minute, so all pages of a script share one session. */
export async function signIn(url, who = ADMIN) {
  const ask = () =>
    fetch(`${url}/api/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...who, session: "cookie" }),
    });
  let answer = await ask();
  if (answer.status === 429) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(answer.headers.get("retry-after"))));
    answer = await ask();
  }
  if (!answer.ok) throw new Error(`sign-in answered ${answer.status}: ${await answer.text()}`);
  return answer.headers.getSetCookie().map((text) => {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
    return { name, value, url };
  });
}

/**
 * A signed-in page of a fresh browser, or of the one whose profile is in the folder `profile`. Its `problems`
 * must stay empty: console errors and failed requests. Only with `worker` it has a service worker, as over
 * HTTPS; without, it is as on plain HTTP.
 */
export async function openPage(server, how = {}) {
  const { phone = false, dark = false, language = "en", allow = [], profile, worker = false } = how;
  const options = {
    baseURL: server.url,
    viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    hasTouch: phone,
    isMobile: phone,
    colorScheme: dark ? "dark" : "light",
    locale: language,
    reducedMotion: "reduce",
    serviceWorkers: worker ? "allow" : "block",
  };
  const start = { executablePath: CHROMIUM, args: FLAGS };
  // With a profile it is a browser whose memory outlives it; closing its only context closes it too.
  const browser = profile
    ? await chromium.launchPersistentContext(profile, { ...start, ...options })
    : await chromium.launch(start);
  const context = profile ? browser : await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  if (LATE_MS > 0 && !worker) {
    await context.route("**/assets/*.js", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LATE_MS));
      await route.continue();
    });
  }
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("response", (answer) => {
    const allowed = allow.includes(answer.status());
    if (answer.status() >= 400 && !allowed) problems.push(`${answer.status()} ${answer.url()}`);
  });
  page.on("console", (message) => {
    // The browser repeats failed requests here; they are judged above.
    const repeated = /^Failed to load resource|^WebSocket connection to .*net::ERR_/.test(message.text());
    if (message.type() === "error" && !repeated) problems.push(message.text());
  });
  await context.addCookies(server.cookies);
  const api = async (method, path, data) => {
    const csrf = (await context.cookies()).find((cookie) => cookie.name.endsWith("balu_csrf"))?.value;
    const headers = { ...(csrf && { "X-CSRF": decodeURIComponent(csrf) }), Origin: server.url };
    let answer = await context.request.fetch(path, { method, data, headers });
    if (answer.status() === 429) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * Number(answer.headers()["retry-after"])));
      answer = await context.request.fetch(path, { method, data, headers });
    }
    if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`);
    return answer.headers()["content-type"]?.includes("json") ? answer.json() : answer.body();
  };
  const settings = { language, theme: dark ? "dark" : "light" };
  // A browser that nobody closes would keep the script from ending.
  if (server.cookies.length > 0)
    await api("PUT", "/api/settings", settings).catch((error) => browser.close().then(() => Promise.reject(error)));
  return { browser, context, page, problems, api, close: () => browser.close() };
}

/** Drops files and folders of this machine the way the desktop does. */
export async function systemDrop(page, files, { x = 640, y = 600 } = {}) {
  const cdp = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await cdp.send("Input.dispatchDragEvent", { type, x, y, data });
  }
  await cdp.detach();
}

/** Rules of axe that the page breaks, with the elements. */
export async function axe(page) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(source);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      rules: { "target-size": { enabled: true } },
    }),
  );
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(", ")}`);
}

async function balu(args, input) {
  const child = spawn(PYTHON, ["-m", "balu", ...args], {
    cwd: ROOT,
    env: ENVIRON,
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(input);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`balu ${args[0]} ended with ${code}`);
}

async function healthy(url, log) {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    const answer = await fetch(`${url}/api/health`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`the server did not start:\n${log()}`);
}

/** Not one of the ports that the system gives to outgoing connections: one of those would take it. */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer().listen(port, "127.0.0.1");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false, // somebody has it
    );
    probe.close();
    if (isFree) return port;
  }
}
