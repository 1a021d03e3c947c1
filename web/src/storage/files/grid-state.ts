// Which row is active, which rows are selected; kept per address, so that Back shows what was left.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { FileItem, Listing } from "./api";
import { keyOf, listKey, rowOf } from "./cache";
import type { FolderRows } from "./listing";
import * as sel from "./selection";
import { type Target, targetFrom } from "./target";
import type { View } from "./view";

interface Memory {
  selection: sel.Selection;
  active: number;
  /** What the active row shows, as far as it is loaded: the row moves when others come or go before it. */
  activeKey?: number | string;
  scrollTop: number;
}

const memories = new Map<string, Memory>();
const FRESH: Memory = { selection: sel.NOTHING, active: 0, scrollTop: 0 };

/** Row -1 is the header; cell -1 is the row as a whole. */
export interface GridState {
  selection: sel.Selection;
  active: number;
  cell: number;
  /** Counts up whenever focus should move to the active row. */
  focus: number;
  start: number;
  target: Target;
  setSelection(change: (old: sel.Selection) => sel.Selection): void;
  go(row: number, keys?: Partial<sel.Modifiers>): void;
  walk(cell: number): void;
  touch(row: number): void;
  choose(item: FileItem, row: number, keys: sel.Modifiers): void;
  toggle(item: FileItem, row: number): void;
  remember(scrollTop: number): void;
}

export function useGridState(view: View, rows: FolderRows): GridState {
  const client = useQueryClient();
  const key = `${view.path}?${view.sort}${view.order}${view.filter}`;
  const memory = memories.get(key) ?? FRESH;
  const [state, setState] = useState({ ...memory, key, cell: -1, focus: 0 });
  const known = client
    .getQueriesData<Listing>({ queryKey: listKey(view) })
    .flatMap(([, page]) => page?.files ?? []);
  // Another folder: what was remembered for it, without an effect that would draw the old one first.
  const kept = state.key === key ? state : { ...memory, key, cell: -1, focus: state.focus };
  const now = settled(kept, known, rows, (item) => rowOf(client, view, item));
  const live = useRef(now);
  live.current = now;
  const scroll = useRef(memory.scrollTop);

  const change = useCallback(
    (part: Partial<typeof state>) => {
      const item = part.active === undefined ? undefined : rows.at(part.active);
      const moved = part.active !== undefined && { activeKey: item && keyOf(item) };
      live.current = { ...live.current, ...part, ...moved };
      setState(live.current);
    },
    [rows.at],
  );

  useEffect(() => {
    const { selection, active, activeKey } = now;
    memories.set(key, { selection, active, activeKey, scrollTop: scroll.current });
    setState(now);
  }, [key, now]);

  const between = useCallback(
    async (row: number, add: boolean) => {
      const [from, to] = sel.rangeTo(live.current.selection, row);
      const found = await rows.between(from, to);
      if (live.current.active !== row) return;
      change({
        selection: sel.selectRange(
          live.current.selection,
          found.map((item) => item.path),
          row,
          add,
        ),
      });
    },
    [rows.between, change],
  );

  const choose = useCallback(
    (item: FileItem, row: number, keys: sel.Modifiers) => {
      const { selection } = live.current;
      if (keys.shift) {
        change({ active: row, cell: -1 });
        void between(row, keys.toggle);
        return;
      }
      change({
        active: row,
        cell: -1,
        selection: keys.toggle ? sel.toggle(selection, item.path, row) : sel.selectOnly(item.path, row),
      });
    },
    [change, between],
  );

  const go = useCallback(
    (wanted: number, keys: Partial<sel.Modifiers> = {}) => {
      const row = Math.min(Math.max(wanted, -1), rows.total - 1);
      const item = rows.at(row);
      change({ active: row, focus: live.current.focus + 1, cell: row < 0 ? 1 : -1 });
      if (row < 0) return;
      if (keys.shift) void between(row, false);
      else if (!keys.toggle && item) change({ selection: sel.selectOnly(item.path, row) });
    },
    [rows, change, between],
  );

  const target = targetFrom(view, now.selection, rows.total, known);

  return {
    selection: now.selection,
    active: now.active,
    cell: now.cell,
    focus: now.focus,
    start: memory.scrollTop,
    target,
    setSelection: (alter) => change({ selection: alter(live.current.selection) }),
    go,
    walk: (cell) => change({ cell, focus: live.current.focus + 1 }),
    touch: (row) => change({ active: row, cell: -1 }),
    choose,
    toggle: (item, row) =>
      change({ active: row, selection: sel.toggle(live.current.selection, item.path, row) }),
    remember: (scrollTop) => {
      scroll.current = scrollTop;
      // While the next folder is being drawn, the one on the screen still scrolls.
      const { selection, active, activeKey } =
        live.current.key === key ? live.current : (memories.get(key) ?? FRESH);
      memories.set(key, { selection, active, activeKey, scrollTop });
    },
  };
}

/**
 * The state as it fits the list now: rows that are gone are neither active nor selected, and the active one
 * is followed to its new place.
 */
function settled<T extends Memory>(
  state: T,
  known: readonly FileItem[],
  { total, loading, at }: FolderRows,
  find: (key: number | string) => number | null,
): T {
  if (loading) return state;
  let active = Math.min(state.active, total - 1);
  let shown = at(active);
  if (state.activeKey !== undefined && shown && keyOf(shown) !== state.activeKey) {
    active = find(state.activeKey) ?? active;
    shown = at(active);
  }
  const activeKey = shown ? keyOf(shown) : state.activeKey;
  // Only a list that is all here can tell that a path is gone.
  const selection = known.length < total ? state.selection : sel.onlyOf(state.selection, known);
  const same = active === state.active && activeKey === state.activeKey && selection === state.selection;
  return same ? state : { ...state, active, activeKey, selection };
}
