// Where the focus is in the list, and how it gets back there.
import { useEffect, useLayoutEffect, useRef } from "react";

/** Row -1 is the header. */
export function rowNode(grid: HTMLElement | null, row: number): HTMLElement | null {
  return grid?.querySelector<HTMLElement>(row < 0 ? ".file-header" : `[data-row="${row}"]`) ?? null;
}

/** A cell, or its button or box; cell -1 is the row as a whole. */
export function focusCell(grid: HTMLElement | null, row: number, cell: number): void {
  const node = rowNode(grid, row);
  const target = cell < 0 ? node : node?.children[cell];
  if (!(target instanceof HTMLElement)) return;
  const inside = target.querySelector<HTMLElement>("button, input");
  const focusable = cell >= 0 && inside ? inside : target;
  if (!focusable.hasAttribute("tabindex")) focusable.tabIndex = -1;
  focusable.focus({ preventScroll: true });
}

/** Puts focus back into the list when the row that had it was removed or drawn anew. */
export function useFocusRescue(active: number): void {
  const wasInside = useRef(false);
  useEffect(() => {
    const enter = () => {
      wasInside.current = document.activeElement?.closest('[role="grid"]') !== null;
    };
    const leave = ({ target, relatedTarget }: FocusEvent) => {
      if (relatedTarget || !document.hasFocus()) return;
      // An element that is still there was left on purpose, by a click beside everything.
      queueMicrotask(() => {
        if ((target as Element).isConnected) wasInside.current = false;
      });
    };
    addEventListener("focusin", enter);
    addEventListener("focusout", leave);
    return () => {
      removeEventListener("focusin", enter);
      removeEventListener("focusout", leave);
    };
  }, []);
  useLayoutEffect(() => {
    if (!wasInside.current || document.activeElement !== document.body) return;
    focusCell(document.querySelector('[role="grid"]'), Math.max(0, active), -1);
  });
}
