// The list of a folder: a grid with one tab stop, rows as focus unit, only rows in view in the DOM.
import { type KeyboardEvent, type MouseEvent, useCallback, useLayoutEffect, useRef, useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { formatNumber } from "@/kernel/i18n/format";
import type { FileItem } from "./api";
import { keyOf } from "./cache";
import { useClip } from "./clipboard";
import { focusCell, rowNode, useFocusRescue } from "./focus";
import type { GridState } from "./grid-state";
import { GridHeader } from "./header";
import { type KeyDesk, onGridKey } from "./keys";
import { type FolderRows, usePages } from "./listing";
import { CELLS, Row, type RowHandlers } from "./row";
import { countSelected, isSelected } from "./selection";
import { useSteadyScroll } from "./steady";
import { contains } from "./target";
import { filesText } from "./text";
import { typeAhead } from "./typeahead";
import type { SortKey, View } from "./view";
import { useRowWindow } from "./window";

const LONG_PRESS_MS = 450;

type Keys = Pick<KeyDesk, "act" | "purge" | "up" | "newFolder" | "filter" | "help" | "singleKeys">;

interface GridProps {
  view: View;
  rows: FolderRows;
  state: GridState;
  folderName: string;
  renaming: string | null;
  keys: Keys;
  onOpen(item: FileItem): void;
  onMenu(item: FileItem, row: number, anchor: Element | { x: number; y: number }): void;
  onSort(sort: SortKey): void;
  onDrag(item: FileItem, row: number, transfer: DataTransfer): void;
  onRenamed: RowHandlers["renamed"];
  onSay(text: string): void;
}

export function FileGrid(props: GridProps) {
  const { view, rows, state, folderName, renaming, keys } = props;
  const t = useText(filesText);
  const grid = useRef<HTMLDivElement | null>(null);
  const { rowHeight, header, probe } = useHeights();
  const shown = useRowWindow({
    total: rows.total,
    rowHeight,
    header,
    start: state.start,
    onScroll: state.remember,
  });
  usePages(view, shown.first, shown.end, rows.total);
  const clip = useClip();
  const cut = clip?.mode === "cut" ? clip.target : undefined;
  const [letters] = useState(typeAhead);

  const latest = useRef(props);
  latest.current = props;
  const pressed = useRef(false);
  const [on] = useState<RowHandlers>(() => handlers(latest, pressed));

  // Move focus to the active row or cell when the keyboard asked for it.
  const seen = useRef(state.focus);
  useLayoutEffect(() => {
    if (seen.current === state.focus) return;
    seen.current = state.focus;
    if (state.active >= 0) shown.reveal(state.active);
    focusCell(grid.current, state.active, state.cell);
  }, [state.focus, state.active, state.cell, shown.reveal]);

  const scroller = shown.scroller;
  const attach = useCallback(
    (node: HTMLDivElement | null) => {
      grid.current = node;
      return scroller(node);
    },
    [scroller],
  );

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    onGridKey(event, {
      ...keys,
      state,
      rows,
      page: shown.page,
      cells: CELLS,
      letters,
      openMenu: () => {
        const item = rows.at(state.active);
        const node = rowNode(grid.current, state.active);
        if (item && node) props.onMenu(item, state.active, node);
      },
      say: () => props.onSay(t.rowOf(formatNumber(state.active + 1), formatNumber(rows.total))),
    });
  }

  useSteadyScroll(rows, shown, rowHeight);
  useFocusRescue(state.active);

  const indexes = Array.from({ length: shown.end - shown.first }, (_, n) => shown.first + n);
  if (state.active >= 0 && (state.active < shown.first || state.active >= shown.end))
    indexes.push(state.active);
  const drawn = new Set<string>();
  return (
    <div
      ref={attach}
      role="grid"
      tabIndex={-1}
      aria-label={t.grid(folderName)}
      aria-rowcount={rows.total + 1}
      aria-multiselectable="true"
      className="file-grid"
      data-selecting={countSelected(state.selection, rows.total) > 0 || undefined}
      onKeyDown={onKeyDown}
    >
      <div ref={probe} className="file-probe" aria-hidden />
      <GridHeader view={view} total={rows.total} state={state} onSort={props.onSort} />
      <div role="rowgroup" className="file-rows" style={{ blockSize: shown.height }}>
        {indexes.map((row) => {
          const item = rows.at(row);
          const key = item ? `${keyOf(item)}` : "";
          // Two pages loaded at different times may both have it.
          const fresh = item && !drawn.has(key);
          drawn.add(key);
          return (
            <Row
              key={fresh ? `i${key}` : `r${row}`}
              item={item}
              row={row}
              y={shown.top + (row - shown.first) * rowHeight}
              selected={item ? isSelected(state.selection, item.path) : state.selection.mode === "exclude"}
              active={row === Math.max(0, state.active)}
              cut={item !== undefined && contains(cut, item.path)}
              renaming={item !== undefined && item.path === renaming}
              on={on}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Handlers that never change, so that rows redraw only when their own data does. */
function handlers(latest: { current: GridProps }, pressed: { current: boolean }): RowHandlers {
  return {
    choose(item, row, event: MouseEvent) {
      const { state, rows, onOpen } = latest.current;
      if (pressed.current) {
        pressed.current = false;
        return;
      }
      const byMouse = (event.nativeEvent as PointerEvent).pointerType !== "touch";
      if (byMouse) {
        state.choose(item, row, { toggle: event.ctrlKey || event.metaKey, shift: event.shiftKey });
        (event.currentTarget as HTMLElement).focus({ preventScroll: true });
      } else if (countSelected(state.selection, rows.total) > 0) state.toggle(item, row);
      else onOpen(item);
    },
    open: (item) => latest.current.onOpen(item),
    toggle: (item, row) => latest.current.state.toggle(item, row),
    menu: (item, row, anchor) => latest.current.onMenu(item, row, anchor),
    press(item, row) {
      pressed.current = false;
      const timer = setTimeout(() => {
        pressed.current = true;
        latest.current.state.toggle(item, row);
        navigator.vibrate?.(10);
      }, LONG_PRESS_MS);
      return () => clearTimeout(timer);
    },
    drag: (item, row, transfer) => latest.current.onDrag(item, row, transfer),
    renamed: (item, name, next) => latest.current.onRenamed(item, name, next),
  };
}

/** Row and header height as the style sheet has them: density, pointer and width change them. */
function useHeights() {
  const [heights, set] = useState({ rowHeight: 44, header: 44 });
  const probe = useCallback((node: HTMLDivElement | null) => {
    if (!node) return;
    const measure = () => {
      const next = { rowHeight: node.offsetHeight || 44, header: node.nextElementSibling?.clientHeight ?? 0 };
      set((old) => (old.rowHeight === next.rowHeight && old.header === next.header ? old : next));
    };
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(node);
    return () => sizes.disconnect();
  }, []);
  return { ...heights, probe };
}
