import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { collectInput } from "./collect";
import type { Kept, Memory } from "./memory";
import { UploadQueue } from "./queue";
import {
  type Existing,
  type Resumption,
  type Sent,
  type Task,
  type Telling,
  TransferError,
  type Transport,
} from "./transport";

/** A server in memory: folders and files by path, requests that end when told. */
class Server implements Transport {
  small = 0;
  folders = new Set<string>();
  files = new Map<string, Existing>();
  sending = new Map<string, { task: Task; progress: (n: number) => void; end: (error?: Error) => void }>();
  together: string[][] = [];
  discarded: string[] = [];
  most = 0;
  order: string[] = [];

  send(task: Task, tell: Telling, signal: AbortSignal) {
    return new Promise<Sent>((done, fail) => {
      const end = (error?: Error) => {
        this.sending.delete(task.path);
        if (error) fail(error);
        else done(this.store(task));
      };
      signal.addEventListener("abort", () => end(new DOMException("stopped", "AbortError")));
      this.order.push(task.path);
      tell.started({ url: `/up/${task.path}`, token: "t" });
      this.sending.set(task.path, { task, progress: tell.progress, end });
      this.most = Math.max(this.most, this.sending.size);
    });
  }

  async sendMany(tasks: readonly Task[]) {
    this.together.push(tasks.map((task) => task.path));
    return tasks.map((task) => {
      const taken = this.files.has(task.path) && task.onConflict === "fail";
      return taken ? new TransferError("file-exists", "there") : this.store(task);
    });
  }

  store({ path: wanted, onConflict, file }: Task): Sent {
    const path = onConflict === "rename" ? `${wanted} (2)` : wanted;
    this.files.set(path, { name: path, size: file.size, modified: file.lastModified });
    return { path, verified: true };
  }

  async discard({ url }: Resumption) {
    this.discarded.push(url);
  }

  async folder(path: string) {
    const there = this.folders.has(path);
    this.folders.add(path);
    this.order.push(`${path}/`);
    return there ? ("there" as const) : ("made" as const);
  }

  async existing(folder: string, names: string[]) {
    return names.flatMap((name) => {
      const one = this.files.get(folder ? `${folder}/${name}` : name);
      return one ? [{ ...one, name }] : [];
    });
  }
}

function file(path: string, size = 10, modified = 1000): File {
  const made = new File(["x".repeat(size)], path.split("/").at(-1) ?? path, { lastModified: modified });
  Object.defineProperty(made, "webkitRelativePath", { value: path.includes("/") ? path : "" });
  return made;
}

let server: Server;
let queue: UploadQueue;
const settle = () => vi.advanceTimersByTimeAsync(150);
const states = () => Object.fromEntries(queue.snapshot().items.map((one) => [one.name, one.state]));
const end = async (path: string, error?: Error) => {
  server.sending.get(path)?.end(error);
  await settle();
};

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  queue = new UploadQueue(server, () => Date.now());
});
afterEach(() => {
  vi.useRealTimers();
});

it("sends three files at once and finishes all of them in order", async () => {
  queue.add(collectInput(Array.from({ length: 8 }, (_, n) => file(`f${n}`))), "");
  await settle();
  while (server.sending.size > 0) await end([...server.sending.keys()][0] ?? "");
  expect(server.most).toBe(3);
  expect(server.order).toEqual(Array.from({ length: 8 }, (_, n) => `f${n}`));
  expect(queue.snapshot()).toMatchObject({ total: 8, finished: 8, active: false, sent: 80 });
});

it("makes empty folders; those with files come into being with them", async () => {
  const found = collectInput([file("a/b/1"), file("a/b/2")]);
  queue.add({ ...found, folders: [...found.folders, "a/none"] }, "top");
  await settle();
  await end("top/a/b/1");
  await end("top/a/b/2");
  const made = server.order.filter((one) => one.endsWith("/"));
  expect(made.sort()).toEqual(["top/a/", "top/a/none/"]);
});

it("pauses, resumes and cancels one file while the others go on", async () => {
  queue.add(collectInput([file("a"), file("b"), file("c"), file("d")]), "");
  await settle();
  queue.pause("u1");
  await settle();
  expect(states()).toEqual({ a: "paused", b: "sending", c: "sending", d: "sending" });
  queue.cancel("u2");
  queue.resume("u1");
  await settle();
  expect(states()).toEqual({ a: "sending", b: "cancelled", c: "sending", d: "sending" });
  expect(queue.snapshot().total).toBe(3);
});

it("resuming at once does not send the same file twice", async () => {
  queue.add(collectInput([file("a")]), "");
  await settle();
  queue.pause("u1");
  queue.resume("u1");
  await settle();
  expect(server.sending.size).toBe(1);
  await end("a");
  expect(states()).toEqual({ a: "done" });
});

it("groups failures by problem code and tries them again together", async () => {
  queue.add(collectInput([file("a"), file("b"), file("c")]), "");
  await settle();
  await end("a", new TransferError("no-space", "full"));
  await end("b", new TransferError("no-space", "full"));
  await end("c", new TransferError("forbidden", "no"));
  expect(queue.snapshot().failures.map((one) => [one.code, one.count])).toEqual([
    ["no-space", 2],
    ["forbidden", 1],
  ]);
  queue.retry("no-space");
  await settle();
  expect(states()).toEqual({ a: "sending", b: "sending", c: "failed" });
});

it("lists what could not be read as failed, not as missing", async () => {
  queue.add({ files: [], folders: [], unreadable: [{ path: "link", reason: "gone" }] }, "");
  await settle();
  expect(queue.snapshot().failures).toMatchObject([{ code: "unreadable", count: 1, retryable: false }]);
});

it("asks about a taken name before sending a byte, and sends the others meanwhile", async () => {
  server.files.set("a", { name: "a", size: 1, modified: 500 });
  queue.add(collectInput([file("a"), file("b")]), "");
  await settle();
  expect(states()).toEqual({ a: "conflict", b: "sending" });
  expect(server.order).toEqual(["b"]);
  queue.resolve("u1", "keep", false);
  await settle();
  await end("a");
  expect(queue.snapshot().items[0]).toMatchObject({ state: "done", savedAs: "a (2)" });
});

it("applies one answer to all conflicts, also to those that come later", async () => {
  for (const [name, modified] of [
    ["a", 500],
    ["b", 5000],
  ] as const)
    server.files.set(name, { name, size: 1, modified });
  queue.add(collectInput([file("a"), file("b"), file("c")]), "");
  await settle();
  queue.resolve("u1", "newer", true);
  await settle();
  expect(states()).toEqual({ a: "sending", b: "skipped", c: "sending" });
  expect(server.sending.get("a")?.task.onConflict).toBe("replace");
  await end("c", new TransferError("file-exists", "there"));
  expect(server.sending.get("c")?.task.onConflict).toBe("replace");
});

it("asks when a name was taken by someone else on the way", async () => {
  queue.add(collectInput([file("a")]), "");
  await settle();
  await end("a", new TransferError("file-exists", "there"));
  expect(states()).toEqual({ a: "conflict" });
  queue.resolve("u1", "skip", false);
  await settle();
  expect(states()).toEqual({ a: "skipped" });
});

it("tells which folders got something new", async () => {
  const landed: string[] = [];
  queue.onLanded = (folders) => landed.push(...folders);
  queue.add(collectInput([file("x/a")]), "top");
  await settle();
  await end("top/x/a");
  expect(landed.sort()).toEqual(["top", "top/x"]);
});

it("takes what is over off the list, of one folder alone if asked", async () => {
  queue.add(collectInput([file("a")]), "Papers.vault");
  queue.add(collectInput([file("b")]), "Papers.vault 2");
  queue.add(collectInput([file("c")]), "Papers.vault");
  await settle();
  await end("Papers.vault/a");
  await end("Papers.vault 2/b");
  queue.clear("Papers.vault");
  await settle();
  expect(states()).toEqual({ b: "done", c: "sending" });
  queue.clear();
  await settle();
  expect(states()).toEqual({ c: "sending" });
});

it("tells speed and time left over all files", async () => {
  queue.add(collectInput([file("a", 10_000)]), "");
  await settle();
  for (let n = 1; n <= 5; n += 1) {
    await vi.advanceTimersByTimeAsync(1000);
    server.sending.get("a")?.progress(n * 1000);
  }
  await settle();
  const view = queue.snapshot();
  expect(view.items[0]?.rate).toBeGreaterThan(500);
  expect(view.left).toBeGreaterThan(2);
  expect(view.left).toBeLessThan(12);
});

it("holds five thousand small files and sends them together", async () => {
  server.small = 100;
  queue.add(collectInput(Array.from({ length: 5000 }, (_, n) => file(`f${n}`, 1))), "");
  await vi.advanceTimersByTimeAsync(5000);
  expect(queue.snapshot()).toMatchObject({ total: 5000, finished: 5000 });
  expect(server.together).toHaveLength(25);
}, 20_000);

it("a file refused in a group asks, and the others are through", async () => {
  server.small = 100;
  queue.add(collectInput([file("a"), file("b"), file("c")]), "");
  server.files.set("b", { name: "b", size: 1, modified: 1 });
  await settle();
  expect(states()).toEqual({ a: "done", b: "conflict", c: "done" });
  queue.resolve("u2", "keep", false);
  await settle();
  expect(queue.snapshot().items[1]).toMatchObject({ state: "done", savedAs: "b (2)", verified: true });
});

it("takes its own file for done when only the answer was lost", async () => {
  queue.add(collectInput([file("a")]), "");
  await settle();
  server.files.set("a", { name: "a", size: 10, modified: 1000 });
  await end("a", new TransferError("offline", ""));
  queue.retry("offline");
  await settle();
  await end("a", new TransferError("file-exists", "there"));
  expect(states()).toEqual({ a: "done" });
});

it("begins nothing new while no answer comes, and goes on when tried again", async () => {
  queue.add(collectInput([file("a"), file("b"), file("c"), file("d")]), "");
  await settle();
  for (const path of ["a", "b", "c"]) await end(path, new TransferError("offline", ""));
  await settle();
  expect(states()).toEqual({ a: "failed", b: "failed", c: "failed", d: "waiting" });
  queue.retry("offline");
  for (const path of ["a", "b", "c", "d"]) {
    await settle();
    await end(path);
  }
  expect(queue.snapshot()).toMatchObject({ finished: 4, active: false });
});

it("frees what the server holds of a cancelled file", async () => {
  queue.add(collectInput([file("a")]), "");
  await settle();
  queue.cancel("u1");
  await settle();
  expect(server.discarded).toEqual(["/up/a"]);
});

/** What outlives a page, in a map. */
function notes(): [Map<string, Kept>, Memory] {
  const kept = new Map<string, Kept>();
  const memory: Memory = {
    async keep(list) {
      for (const one of list) kept.set(one.key, one);
    },
    async change(key, change) {
      const one = kept.get(key);
      if (one) kept.set(key, { ...one, ...change });
    },
    async forget(keys) {
      for (const key of keys) kept.delete(key);
    },
    adopt: async () => ({ list: [...kept.values()].map((one) => structuredClone(one)), sources: new Map() }),
  };
  return [kept, memory];
}

it("writes down what was added before it was known who is signed in", async () => {
  const [kept, memory] = notes();
  queue.add(collectInput([file("a"), file("b")]), "top");
  await settle();
  await end("top/a");
  await queue.remember({ user: 1, tab: "one", memory });
  await settle();
  expect([...kept.values()].map((one) => [one.path, one.resumption?.url])).toEqual([["top/b", "/up/top/b"]]);
  await end("top/b");
  expect(kept.size).toBe(0);
});

it("shows nobody what another person was sending in this tab, and keeps it for them", async () => {
  const [kept, memory] = notes();
  await queue.remember({ user: 1, tab: "one", memory });
  queue.add(collectInput([file("a")]), "top");
  await settle();
  queue.leave();
  await queue.remember({
    user: 2,
    tab: "two",
    memory: { ...memory, adopt: async () => ({ list: [], sources: new Map() }) },
  });
  await settle();
  expect(queue.snapshot().items).toEqual([]);
  expect(server.sending.size).toBe(0);
  expect([...kept.values()].map((one) => [one.user, one.path])).toEqual([[1, "top/a"]]);
  queue.leave();
  await queue.remember({ user: 1, tab: "three", memory });
  await settle();
  expect(states()).toEqual({ a: "paused" });
});

it("goes on after the same person signed in again", async () => {
  const [, memory] = notes();
  const owner = {
    user: 1,
    tab: "one",
    memory: { ...memory, adopt: async () => ({ list: [], sources: new Map() }) },
  };
  await queue.remember(owner);
  queue.add(collectInput([file("a")]), "top");
  await settle();
  queue.leave();
  await settle();
  await queue.remember(owner);
  queue.resumeAll();
  await settle();
  await end("top/a");
  expect(states()).toEqual({ a: "done" });
});

it("brings back what another page left and goes on where it stopped once the file is picked", async () => {
  const [kept, memory] = notes();
  await queue.remember({ user: 1, tab: "one", memory });
  const big = collectInput([file("trip/a"), file("trip/b")]);
  queue.add(big, "top");
  await settle();
  await end("top/trip/b");
  expect([...kept.values()].map((one) => [one.path, one.resumption?.url])).toEqual([
    ["top/trip/a", "/up/top/trip/a"],
  ]);

  for (const one of kept.values()) one.blob = undefined;
  queue = new UploadQueue(server, () => Date.now());
  server.sending.clear();
  await queue.remember({ user: 1, tab: "two", memory });
  await settle();
  expect(queue.snapshot()).toMatchObject({ paused: 1, missing: 1, missingFrom: "folder", active: false });
  queue.supply(collectInput([file("trip/a", 11), file("trip/b")]));
  await settle();
  expect(queue.snapshot().missing).toBe(1);
  queue.add(collectInput([file("trip/a"), file("trip/c")]), "top");
  await settle();
  expect(server.sending.get("top/trip/a")?.task.resumption?.url).toBe("/up/top/trip/a");
  await end("top/trip/a");
  await end("top/trip/c");
  expect(queue.snapshot()).toMatchObject({ finished: 2, total: 2, missing: 0 });
  expect(kept.size).toBe(0);
});
