import type { AnyRouter } from "@tanstack/react-router";
import { useEffect } from "react";

/**
 * Moves focus to the new page's h1 after a change of page, so that a screen reader starts there.
 * A change inside one page (another folder, a filter) is the page's own business.
 */
export function focusHeadings(router: AnyRouter): void {
  let shown: string | undefined;
  router.subscribe("onRendered", () => {
    const page = router.state.matches.at(-1)?.routeId as string | undefined;
    const isFirst = shown === undefined;
    const changed = shown !== page;
    shown = page;
    if (isFirst || !changed) return;
    const wanted = document.querySelector<HTMLElement>("main [data-autofocus], main h1");
    wanted?.focus({ preventScroll: true });
  });
}

/**
 * When the focused element disappears (a deleted row, a finished job), focus would fall back to the
 * body and the next Tab would start at the top; it goes to the h1 instead, unless the page chose a place.
 */
export function useFocusRescue(): void {
  useEffect(() => {
    let last: Element | null = null;
    const remember = (event: FocusEvent) => {
      last = event.target as Element | null;
    };
    const look = () => {
      if (!last || last.isConnected || document.activeElement !== document.body) return;
      last = null;
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(() => {
      // Two frames later effects have run and a page had its chance.
      if (last && !last.isConnected) requestAnimationFrame(() => requestAnimationFrame(look));
    });
    observer.observe(document.body, { childList: true, subtree: true });
    addEventListener("focusin", remember);
    return () => {
      observer.disconnect();
      removeEventListener("focusin", remember);
    };
  }, []);
}
