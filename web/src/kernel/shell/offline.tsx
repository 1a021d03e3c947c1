import { useEffect, useState } from "react";
import { isProblem } from "../api/problem";
import { queryClient } from "../api/query";
import { useText } from "../i18n/area";
import { kernelText } from "../i18n/kernel";
import { WifiOff } from "../kit";

const CHECK_MS = 5_000;

/** A line on top of the page while the server does not answer; goes by itself, and data is renewed. */
export function OfflineBar() {
  const t = useText(kernelText);
  const [offline, setOffline] = useState(false);

  useEffect(
    () =>
      queryClient.getQueryCache().subscribe((event) => {
        if (event.type !== "updated") return;
        if (event.action.type === "error" && isProblem(event.action.error, "offline")) setOffline(true);
        if (event.action.type === "success" && !event.action.manual) setOffline(false);
      }),
    [],
  );
  useEffect(() => {
    // A part of the page could not be fetched; it is tried again, and nothing else might ask the server.
    const lost = () => setOffline(true);
    addEventListener("vite:preloadError", lost);
    return () => removeEventListener("vite:preloadError", lost);
  }, []);
  useEffect(() => {
    if (!offline) return;
    const timer = setInterval(async () => {
      const answer = await fetch("/api/health").catch(() => null);
      if (answer?.ok) setOffline(false);
    }, CHECK_MS);
    return () => {
      clearInterval(timer);
      // Whatever else was asked for meanwhile has failed.
      void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "bootstrap" });
    };
  }, [offline]);

  return (
    <div role="status">
      {offline && (
        <p className="offline">
          <WifiOff size={18} strokeWidth={1.75} aria-hidden />
          {t.state.offline}
        </p>
      )}
    </div>
  );
}
