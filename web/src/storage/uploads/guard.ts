// What an upload under way means outside of its panel: the tab's title, leaving the page, sleep, reconnecting.
import { formatPercent } from "@/kernel/i18n/format";
import { uploads } from "./store";
import { shareDone } from "./view";

const ASK_AGAIN_MS = 4000;
/** What passes by itself: the server restarts, the way to it broke, or it has too much to do. */
const PASSING = ["offline", "busy", "upstream-failed"];
const MARK = /^\d+\s?% · /;

/** Watches the queue until the answer is called. */
export function guardUploads(): () => void {
  let lock: WakeLockSentinel | null = null;
  let wanted = false;

  const warn = (event: BeforeUnloadEvent) => event.preventDefault();
  const hold = async () => {
    // Only secure pages have it; it is lost whenever the page is hidden.
    if (!wanted || lock || document.hidden || !("wakeLock" in navigator)) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      lock.addEventListener("release", () => {
        lock = null;
      });
    } catch (error) {
      // Refused on low battery: the upload goes on without it.
      if (!(error instanceof DOMException)) throw error;
    }
  };
  const title = (active: boolean) => {
    const plain = document.title.replace(MARK, "");
    const next = active ? `${formatPercent(shareDone(uploads.snapshot()))} · ${plain}` : plain;
    if (document.title !== next) document.title = next;
  };
  const look = () => {
    const { active } = uploads.snapshot();
    title(active);
    if (active === wanted) return;
    wanted = active;
    if (active) addEventListener("beforeunload", warn);
    else removeEventListener("beforeunload", warn);
    if (active) void hold();
    else void lock?.release();
  };
  const visible = () => void hold();
  const online = () => {
    for (const code of PASSING) uploads.retry(code);
  };
  const timer = setInterval(async () => {
    if (!uploads.snapshot().failures.some((one) => PASSING.includes(one.code))) return;
    const answer = await fetch("/api/health", { cache: "no-store" }).catch(() => null);
    if (answer?.ok) online();
  }, ASK_AGAIN_MS);

  document.addEventListener("visibilitychange", visible);
  addEventListener("online", online);
  const stop = uploads.subscribe(look);
  return () => {
    stop();
    clearInterval(timer);
    document.removeEventListener("visibilitychange", visible);
    removeEventListener("online", online);
    removeEventListener("beforeunload", warn);
  };
}
