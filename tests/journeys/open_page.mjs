// Opens one address in Chromium and prints what it asked for, what it complained about and what it shows.
import { createRequire } from "node:module";

const [address, web, selector, picture] = process.argv.slice(2);
const { chromium } = createRequire(`${web}/`)("playwright-core");
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const requests = [];
const complaints = [];
page.on("request", (request) => requests.push(request.url()));
page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
await page.goto(address);
await page.waitForSelector(selector, { timeout: 20_000 }).catch((error) => complaints.push(String(error)));
await page.waitForLoadState("networkidle");
const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const text = await page.innerText("body");
if (picture) await page.screenshot({ path: picture });
await browser.close();
console.log(JSON.stringify({ requests, complaints, background, text }));
