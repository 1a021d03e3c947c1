import type { AnyRouter } from "@tanstack/react-router";

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
