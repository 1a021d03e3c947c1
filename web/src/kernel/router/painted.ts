const PAINT = "first-contentful-paint";
/** How long after a frame was due its paint is believed without having been told. */
const UNTOLD_MS = 3_000;

let painted: Promise<void> | undefined;

/** Settles when the first page is on the screen, or nobody looks: what it did not need may begin. */
export function firstPaint(): Promise<void> {
  painted ??= new Promise((done) => {
    if (document.hidden || !tellsTimes()) {
      done();
      return;
    }
    const observer = new PerformanceObserver((list) => {
      if (list.getEntriesByName(PAINT).length === 0) return;
      observer.disconnect();
      done();
    });
    observer.observe({ type: "paint", buffered: true });
    document.addEventListener("visibilitychange", () => done(), { once: true });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, UNTOLD_MS)));
  });
  return painted;
}

/** Some browsers keep times to themselves, to be harder to recognise. */
function tellsTimes(): boolean {
  const known = globalThis.PerformanceObserver?.supportedEntryTypes?.includes("paint");
  return known === true && performance.getEntriesByType("navigation").length > 0;
}
