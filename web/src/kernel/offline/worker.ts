// The service worker: keeps the files that make up the interface, so that it starts without the server.
// It never keeps an answer of the API or a byte of anybody's files, so a sign-out leaves nothing behind.
import { wayOf } from "./way";

/** Put in by the build: what the first page needs, and a name for exactly these files. */
declare const SHELL: { version: string; files: readonly string[] };

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Asked extends Lasting {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
declare function skipWaiting(): Promise<void>;

const { version, files } = SHELL;
const PREFIX = "balu-shell-";
const CACHE = PREFIX + version;
const PAGE = "/index.html";
/** All answers vary by encoding, which a kept one no longer has. */
const ANY = { ignoreVary: true };

addEventListener("install", (event) => {
  (event as Lasting).waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...files, PAGE])));
});

addEventListener("activate", (event) => {
  (event as Lasting).waitUntil(forgetOthers());
});

/** A page tells which script it runs; one of this version needs no reload. `takeOver` comes with a reload. */
addEventListener("message", ({ data, ports }: MessageEvent<{ script?: string; takeOver?: true }>) => {
  const same = data.script !== undefined && files.includes(data.script);
  ports[0]?.postMessage(same);
  if (same || data.takeOver) void skipWaiting();
});

addEventListener("fetch", (event) => {
  const asked = event as Asked;
  const way = wayOf(asked.request, location.origin);
  if (way === "page") asked.respondWith(fetch(asked.request).catch(keptPage));
  // Where nothing can be kept, as with a full disk, the server still answers.
  if (way === "asset") asked.respondWith(asset(asked).catch(() => fetch(asked.request)));
});

async function keptPage(): Promise<Response> {
  return (await caches.match(PAGE, { ...ANY, cacheName: CACHE })) ?? Response.error();
}

async function asset(asked: Asked): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(asked.request, ANY);
  if (kept) return kept;
  const answer = await fetch(asked.request);
  if (answer.status === 200) asked.waitUntil(cache.put(asked.request, answer.clone()));
  return answer;
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}
