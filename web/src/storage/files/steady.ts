import { useLayoutEffect, useRef } from "react";
import { keyOf } from "./cache";
import type { FolderRows } from "./listing";
import type { WindowHandle } from "./window";

/** Keeps what is on the screen in its place when rows come or go above it. */
export function useSteadyScroll(rows: FolderRows, shown: WindowHandle, rowHeight: number): void {
  const top = useRef<{ key: number | string; row: number } | null>(null);
  useLayoutEffect(() => {
    const { scrollTop } = shown.geometry();
    const before = top.current;
    const seen = (row: number) => {
      const item = rows.at(row);
      return item && keyOf(item);
    };
    if (before && scrollTop > 0 && seen(before.row) !== before.key) {
      for (let row = shown.first; row < shown.end; row += 1) {
        if (seen(row) !== before.key) continue;
        shown.scrollBy((row - before.row) * rowHeight);
        top.current = { key: before.key, row };
        return;
      }
    }
    const row = Math.floor(scrollTop / rowHeight);
    const key = seen(row);
    top.current = key === undefined ? null : { key, row };
  });
}
