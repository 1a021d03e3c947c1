// After an update of the server the old page's chunks are gone; a fresh page has the new names.
const KEY = "balu.reloaded-at";
const PAUSE_MS = 30_000;

/** Loads the page again when a part of it is missing, at most once in half a minute. */
export function reloadWhenStale(): void {
  addEventListener("vite:preloadError", (event) => {
    const last = Number(sessionStorage.getItem(KEY) ?? 0);
    if (Date.now() - last < PAUSE_MS) return;
    event.preventDefault();
    sessionStorage.setItem(KEY, String(Date.now()));
    location.reload();
  });
}
