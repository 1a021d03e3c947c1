// Which rows of a long list exist in the DOM: fixed row height, any number of rows.
import { type RefCallback, useCallback, useLayoutEffect, useRef, useState } from "react";

/** Browsers stop laying out below this height; taller lists map scroll distance onto more rows. */
export const TALLEST_PX = 15_400_000;
const OVERSCAN = 6;

export interface Geometry {
  total: number;
  rowHeight: number;
  /** Height of the part that shows rows, without a sticky header. */
  viewport: number;
  scrollTop: number;
}

export interface RowWindow {
  /** First row to draw, and one past the last. */
  first: number;
  end: number;
  /** Height of the scrolled element, and where in it the first drawn row begins. */
  height: number;
  top: number;
}

/** Rows in view plus a few around them; above `TALLEST_PX` scroll distance is scaled. */
export function windowOf({ total, rowHeight, viewport, scrollTop }: Geometry): RowWindow {
  const full = total * rowHeight;
  const height = Math.min(full, TALLEST_PX);
  const y = clamp(scrollTop, 0, Math.max(0, height - viewport));
  const shown = y * scaleOf(full, height, viewport);
  const first = clamp(Math.floor(shown / rowHeight) - OVERSCAN, 0, total);
  const end = clamp(Math.ceil((shown + viewport) / rowHeight) + OVERSCAN, 0, total);
  return { first, end, height, top: y + first * rowHeight - shown };
}

/** The scroll position that brings `row` into view with the least movement; null when it is in view. */
export function scrollFor(row: number, geometry: Geometry): number | null {
  const { total, rowHeight, viewport, scrollTop } = geometry;
  const full = total * rowHeight;
  const height = Math.min(full, TALLEST_PX);
  const scale = scaleOf(full, height, viewport);
  const shown = clamp(scrollTop, 0, Math.max(0, height - viewport)) * scale;
  const begin = row * rowHeight;
  if (begin < shown) return begin / scale;
  if (begin + rowHeight > shown + viewport) return Math.max(0, begin + rowHeight - viewport) / scale;
  return null;
}

/** The row under a point `y` below the top of the viewport; may be past the last row. */
export function rowAtPoint(y: number, { total, rowHeight, viewport, scrollTop }: Geometry): number {
  const full = total * rowHeight;
  const height = Math.min(full, TALLEST_PX);
  return Math.floor((scrollTop * scaleOf(full, height, viewport) + y) / rowHeight);
}

function scaleOf(full: number, height: number, viewport: number): number {
  return height === full || height <= viewport ? 1 : (full - viewport) / (height - viewport);
}

export interface WindowHandle extends RowWindow {
  scroller: RefCallback<HTMLElement>;
  reveal(row: number): void;
  scrollBy(distance: number): void;
  /** Rows that fit on one screen, at least one. */
  page: number;
  geometry(): Geometry;
}

interface Options {
  total: number;
  rowHeight: number;
  /** Height of a sticky header inside the scrolled element. */
  header: number;
  /** Scroll position to start from, for going back to a list. */
  start?: number;
  onScroll?: (scrollTop: number) => void;
}

/** Tracks scrolling and size of the element given to `scroller`; redraws only when the rows change. */
export function useRowWindow({ total, rowHeight, header, start = 0, onScroll }: Options): WindowHandle {
  const element = useRef<HTMLElement | null>(null);
  const [view, setView] = useState({ viewport: 600, scrollTop: start });
  const wanted = useRef<number | null>(start || null);
  const tell = useRef(onScroll);
  tell.current = onScroll;

  const geometry = useCallback((): Geometry => {
    const node = element.current;
    const viewport = node ? Math.max(rowHeight, node.clientHeight - header) : view.viewport;
    return { total, rowHeight, viewport, scrollTop: node ? node.scrollTop : view.scrollTop };
  }, [total, rowHeight, header, view]);

  const scroller = useCallback(
    (node: HTMLElement | null) => {
      element.current = node;
      if (!node) return;
      const measure = () => {
        const viewport = Math.max(rowHeight, node.clientHeight - header);
        setView((old) => {
          const next = { viewport, scrollTop: node.scrollTop };
          const step = TALLEST_PX > total * rowHeight ? rowHeight : 0;
          const same = step > 0 && Math.floor(old.scrollTop / step) === Math.floor(next.scrollTop / step);
          return same && old.viewport === viewport ? old : next;
        });
        tell.current?.(node.scrollTop);
      };
      const sizes = new ResizeObserver(measure);
      sizes.observe(node);
      node.addEventListener("scroll", measure, { passive: true });
      return () => {
        sizes.disconnect();
        node.removeEventListener("scroll", measure);
        element.current = null;
      };
    },
    [total, rowHeight, header],
  );

  // The list may be shorter than the remembered position until its first page has arrived.
  useLayoutEffect(() => {
    const node = element.current;
    if (!node || wanted.current === null || total === 0) return;
    node.scrollTop = wanted.current;
    wanted.current = null;
  }, [total]);

  const reveal = useCallback(
    (row: number) => {
      const target = scrollFor(row, geometry());
      if (target !== null && element.current) element.current.scrollTop = target;
    },
    [geometry],
  );

  const rows = windowOf({ total, rowHeight, ...view });
  return {
    ...rows,
    scroller,
    reveal,
    scrollBy: (distance) => {
      if (element.current) element.current.scrollTop += distance;
    },
    page: Math.max(1, Math.floor(view.viewport / rowHeight) - 1),
    geometry,
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
