// The page's side of the service worker: has it installed, and tells when another version is ready.
import { entryOf } from "../router/stale";

const LOOK_MS = 3_600_000;

/**
 * `offer` is called when a newer version waits; what it is given loads that version. On plain HTTP browsers
 * know no service worker, and nothing happens.
 */
export async function keepShell(offer: (load: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  const consider = async (worker: ServiceWorker | null) => {
    if (worker?.state !== "installed" || !serviceWorker.controller || (await isOurs(worker))) return;
    offer(() => {
      serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      worker.postMessage({ takeOver: true });
    });
  };
  const registration = await serviceWorker.register("/sw.js").catch(() => null);
  if (!registration) return;
  const follow = () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => void consider(worker));
  };
  registration.addEventListener("updatefound", follow);
  follow();
  void consider(registration.waiting);
  setInterval(() => {
    if (!document.hidden) registration.update().catch(() => undefined);
  }, LOOK_MS);
}

/** Whether the worker is of the version that this page already runs: pages come from the server first. */
function isOurs(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data === true);
    worker.postMessage({ script: entryOf(document) ?? undefined }, [port2]);
  });
}
