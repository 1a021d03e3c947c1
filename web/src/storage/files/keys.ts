// The keyboard map of the file list.
import type { KeyboardEvent } from "react";
import type { GridState } from "./grid-state";
import type { FolderRows } from "./listing";
import { selectAll } from "./selection";
import { findRow, type TypeAhead } from "./typeahead";

export interface KeyDesk {
  state: GridState;
  rows: FolderRows;
  /** Rows on one screen. */
  page: number;
  /** Cells of a row that can be walked to. */
  cells: number;
  letters: TypeAhead;
  /** Single letters act (type-ahead, / and ?). */
  singleKeys: boolean;
  act(id: string): void;
  purge(): void;
  openMenu(): void;
  up(): void;
  newFolder(): void;
  filter(): void;
  help(): void;
  say(): void;
}

type Handler = (desk: KeyDesk, keys: { shift: boolean; ctrl: boolean }) => void;

const move =
  (step: (desk: KeyDesk) => number): Handler =>
  (desk, { shift, ctrl }) =>
    desk.state.go(step(desk), { shift, toggle: ctrl });

const PLAIN: Record<string, Handler> = {
  ArrowDown: move(({ state }) => state.active + 1),
  ArrowUp: move(({ state }) => state.active - 1),
  Home: move(() => 0),
  End: move(({ rows }) => rows.total - 1),
  PageDown: move(({ state, page }) => state.active + page),
  PageUp: move(({ state, page }) => Math.max(0, state.active - page)),
  ArrowRight: ({ state, cells }) => state.walk(Math.min(state.cell + 1, cells - 1)),
  ArrowLeft: ({ state }) => state.walk(Math.max(state.cell - 1, state.active < 0 ? 0 : -1)),
  Enter: (desk) => desk.act("open"),
  F2: (desk) => desk.act("rename"),
  Escape: ({ state }) => state.setSelection((old) => ({ ...old, mode: "include", ids: new Set() })),
  " ": ({ state, rows }) => {
    const item = rows.at(state.active);
    if (item) state.toggle(item, state.active);
  },
  Delete: (desk, { shift }) => (shift ? desk.purge() : desk.act("delete")),
  ContextMenu: (desk) => desk.openMenu(),
  F10: (desk, { shift }) => shift && desk.openMenu(),
};

const WITH_CTRL: Record<string, Handler> = {
  a: ({ state }) => state.setSelection(selectAll),
  c: (desk) => desk.act("copy"),
  x: (desk) => desk.act("cut"),
};

/** Handles a key pressed in the grid; keys it does not know go on to the browser. */
export function onGridKey(event: KeyboardEvent<HTMLElement>, desk: KeyDesk): void {
  const from = event.target as HTMLElement;
  if (event.nativeEvent.isComposing || from.matches("input:not([type=checkbox]), textarea")) return;
  const ctrl = event.ctrlKey || event.metaKey;
  const shift = event.shiftKey;
  const onButton = from.matches("button, input");
  if (onButton && (event.key === "Enter" || event.key === " ")) return;
  if (event.altKey) {
    if (event.key === "ArrowUp") run(event, () => desk.up());
    return;
  }
  const key = event.key.toLowerCase();
  if (ctrl && shift && key === "n") {
    run(event, () => desk.newFolder());
    return;
  }
  if (ctrl && shift && key === "l") {
    run(event, () => desk.say());
    return;
  }
  const handler = (ctrl && !shift && WITH_CTRL[key]) || PLAIN[event.key];
  if (event.key === "F10" && !shift) return;
  if (handler && !(ctrl && event.key === "Enter")) {
    run(event, () => handler(desk, { shift, ctrl }));
    return;
  }
  if (ctrl || event.key.length !== 1 || !desk.singleKeys) return;
  if (event.key === "/") {
    run(event, () => desk.filter());
    return;
  }
  if (event.key === "?") {
    run(event, () => desk.help());
    return;
  }
  run(event, () => jump(event, desk));
}

function jump(event: KeyboardEvent, { state, rows, letters }: KeyDesk): void {
  const typed = letters.add(event.key, event.timeStamp);
  const row = findRow((at) => rows.at(at)?.name, rows.total, Math.max(0, state.active), typed);
  if (row !== null) state.go(row);
}

function run(event: KeyboardEvent, act: () => void): void {
  event.preventDefault();
  event.stopPropagation();
  act();
}
