// How long a person waits for a page: medians of several loads on a slow device and network, against the
// budgets. Cold: a browser that has nothing of Balu. Warm: the same once more, from what its worker keeps.
//   npm run first-load [-- ROUNDS [PATH ...]]
import { openPage, startServer } from "../e2e/harness.mjs";

const PAGES = ["/", "/files/", "/trash", "/server/inventory"];
const [ROUNDS = 5, ...WANTED] = process.argv.slice(2);
const SLOWER = 6;
const NETWORK = { offline: false, latency: 40, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };
/** What is measured, in the order shown, and the most there may be of it. */
const BUDGETS = {
  cold: { "FCP ms": 1800, "LCP ms": 2500, "blocking ms": 600, "CLS /1000": 50, "requests before": 8 },
  warm: { "LCP ms": 1200 },
};
/** Times differ by this much from one run to another. */
const LEEWAY = 1.2;
/** After so long without a request the page has what it shows. */
const QUIET_MS = 1500;

/** Runs in the page: what the browser noted of its load. */
async function noted() {
  const of = (type) =>
    new Promise((resolve) => {
      const observer = new PerformanceObserver((list) => resolve(list.getEntries()));
      observer.observe({ type, buffered: true });
      setTimeout(resolve, 500, []); // there is none of this type
    });
  const [paints, largest, long, shifts] = await Promise.all(
    ["paint", "largest-contentful-paint", "longtask", "layout-shift"].map(of),
  );
  const fcp = paints.find((one) => one.name === "first-contentful-paint").startTime;
  const lcp = largest.at(-1).startTime;
  const all = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
  const before = all.filter((one) => one.startTime < fcp);
  const kib = (some) => some.reduce((sum, one) => sum + one.transferSize, 0) / 1024;
  const sum = (some, figure) => some.reduce((total, one) => total + figure(one), 0);
  return {
    "FCP ms": fcp,
    "LCP ms": lcp,
    // Total blocking time, as web.dev defines it: from the first paint on.
    "blocking ms": sum(
      long.filter((one) => one.startTime + one.duration > fcp),
      (one) => Math.max(0, one.startTime + one.duration - Math.max(fcp, one.startTime + 50)),
    ),
    "CLS /1000": 1000 * sum(shifts, (one) => (one.hadRecentInput ? 0 : one.value)),
    "requests before": before.length,
    "KiB before": kib(before),
    "KiB in all": kib(all),
  };
}

async function load(page, path) {
  await page.goto(path);
  await page.getByRole("main").getByRole("heading", { level: 1 }).waitFor();
  await page.evaluate(
    (quiet) =>
      new Promise((done) => {
        let timer = setTimeout(done, quiet);
        new PerformanceObserver(() => {
          clearTimeout(timer);
          timer = setTimeout(done, quiet);
        }).observe({ type: "resource", buffered: true });
      }),
    QUIET_MS,
  );
  return page.evaluate(noted);
}

/** One cold and one warm load in a browser of their own. */
async function both(server, path) {
  const { page, close } = await openPage(server, { worker: true });
  try {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Network.enable");
    await cdp.send("Network.emulateNetworkConditions", NETWORK);
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    const cold = await load(page, path);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await load(page, path); // the first under its worker
    return { cold, warm: await load(page, path) };
  } finally {
    await close();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const server = await startServer();
let failed = false;
try {
  for (const path of WANTED.length > 0 ? WANTED : PAGES) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await both(server, path));
    for (const [kind, budgets] of Object.entries(BUDGETS)) {
      const shown = Object.keys(rounds[0][kind]).map((figure) => {
        const value = median(rounds.map((round) => round[kind][figure]));
        const over = value > (budgets[figure] ?? Number.POSITIVE_INFINITY) * LEEWAY;
        failed ||= over;
        return `${figure} ${Math.round(value)}${figure in budgets ? ` of ${budgets[figure]}` : ""}${over ? " TOO MUCH" : ""}`;
      });
      console.log(`${path} ${kind}: ${shown.join(", ")}`);
    }
  }
} finally {
  await server.stop();
}
process.exit(failed ? 1 : 0);
