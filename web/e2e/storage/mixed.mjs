// A folder of small and large files goes up while the server and the browser are killed on the way.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openPage, startServer } from "../harness.mjs";

const LONG = (process.env.TORTURE_TIER ?? "short") !== "short";
const COUNT = LONG ? 20_000 : 1_200;
/** Each is killed this often, in turn. */
const KILLS = LONG ? 4 : 1;
let server;
let local;

before(async () => {
  server = await startServer();
  local = await mkdtemp(join(tmpdir(), "balu-mixed-"));
});
after(async () => {
  await server?.stop();
  if (local) await rm(local, { recursive: true, force: true });
});

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** One in a hundred has up to a megabyte, one in six hundred 8 to 24, all others less than 20 KB. */
function sizeOf(n) {
  if (n % 600 === 7) return (8 << 20) + ((n * 7_919) % (16 << 20));
  return n % 100 === 3 ? (n * 7_919) % (1 << 20) : (n * 131) % 20_000;
}

async function grow(tree) {
  for (let n = 0; n < COUNT; n += 1) {
    const folder = join(tree, `d${n % 40}`, n % 3 ? "ä b" : "");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f ${n}.bin`), randomBytes(sizeOf(n)));
  }
}

/** SHA-256 of every file by its path below `root`. */
async function hashes(root) {
  const all = await readdir(root, { recursive: true, withFileTypes: true });
  const found = new Map();
  for (const one of all.filter((entry) => entry.isFile())) {
    const path = join(one.parentPath ?? one.path, one.name);
    found.set(path.slice(root.length + 1), sha256(await readFile(path)));
  }
  return found;
}

const place = () => {
  const found = execFileSync("find", [join(server.data, "volumes"), "-type", "d", "-name", "Mixed", "-not", "-path", "*/.balu/*"]);
  return found.toString().trim();
};

async function arrived() {
  const root = place();
  if (!root) return 0;
  const all = await readdir(root, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).length;
}

async function until(true_) {
  for (let tries = 0; tries < 4 * 600; tries += 1) {
    if (await true_()) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  assert.fail("it did not come true");
}

async function choose(page, button, tree) {
  const chooser = page.waitForEvent("filechooser");
  await button.click();
  await (await chooser).setFiles(tree);
}

test(`${COUNT} mixed files arrive whole, whoever is killed`, async (t) => {
  const tree = join(local, "Mixed");
  await grow(tree);
  const profile = join(local, "profile");
  const open = () => openPage(server, { allow: [401, 409, 502, 503], profile });
  let desk = await open();
  t.after(() => desk.close().catch(() => "the browser is gone already"));
  await desk.page.goto("/files");
  await choose(desk.page, desk.page.locator("main .empty").getByRole("button", { name: "Upload folder" }), tree);
  for (let kill = 0; kill < 2 * KILLS; kill += 1) {
    const share = ((kill + 1) * COUNT) / (2 * KILLS + 1);
    await until(async () => (await arrived()) >= share);
    if (kill % 2 === 0) {
      await server.kill();
      await server.revive();
      continue;
    }
    spawnSync("pkill", ["-KILL", "-f", profile]);
    await desk.close().catch(() => "the browser is gone already");
    desk = await open();
    await desk.page.goto("/files");
    const again = desk.page.getByRole("button", { name: "Choose folder" });
    await until(async () => (await again.isVisible()) || (await arrived()) === COUNT);
    if (await again.isVisible()) await choose(desk.page, again, tree);
  }
  await until(async () => (await arrived()) === COUNT);
  await desk.page.locator(".uploads-title", { hasText: /^Uploading/ }).waitFor({ state: "detached" });
  assert.deepEqual(desk.problems, []);
  const [here, there] = [await hashes(tree), await hashes(place())];
  assert.equal(there.size, COUNT);
  assert.deepEqual([...there].sort(), [...here].sort());
});
