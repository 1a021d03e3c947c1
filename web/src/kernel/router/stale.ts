// After an update of the server the old page's chunks are gone; a fresh page has the new names.
const KEY = "balu.reloaded-at";
const PAUSE_MS = 30_000;

/** Loads the page again when the server has another one by now, at most once in half a minute. */
export function reloadWhenStale(): void {
  addEventListener("vite:preloadError", () => void reload());
}

async function reload(): Promise<void> {
  const last = Number(sessionStorage.getItem(KEY) ?? 0);
  if (Date.now() - last < PAUSE_MS || !(await isStale())) return;
  sessionStorage.setItem(KEY, String(Date.now()));
  location.reload();
}

/** False also when the server does not answer: what runs in this page would be lost for an error page. */
async function isStale(): Promise<boolean> {
  const answer = await fetch("/", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  return entryOf(fresh) !== entryOf(document);
}

/** The address of the script that starts the interface: the last, as it comes after those it needs. */
export function entryOf(page: Document): string | null {
  return [...page.querySelectorAll("script[type=module][src]")].at(-1)?.getAttribute("src") ?? null;
}
