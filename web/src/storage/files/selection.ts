// Selection of a list that is never fully loaded: the chosen ones, or all but the ones taken out.

export type Selection = {
  /** `include`: only `ids`; `exclude`: everything in the list except `ids`. */
  readonly mode: "include" | "exclude";
  readonly ids: ReadonlySet<string>;
  /** Row from which Shift extends; null before the first choice. */
  readonly anchor: number | null;
};

export const NOTHING: Selection = { mode: "include", ids: new Set(), anchor: null };

export interface Modifiers {
  /** Ctrl or Cmd. */
  toggle: boolean;
  shift: boolean;
}

export function isSelected(selection: Selection, id: string): boolean {
  return selection.ids.has(id) === (selection.mode === "include");
}

export function countSelected(selection: Selection, total: number): number {
  return selection.mode === "include" ? selection.ids.size : Math.max(0, total - selection.ids.size);
}

export function selectAll(selection: Selection): Selection {
  return { mode: "exclude", ids: new Set(), anchor: selection.anchor ?? 0 };
}

export function selectOnly(id: string, row: number): Selection {
  return { mode: "include", ids: new Set([id]), anchor: row };
}

export function toggle(selection: Selection, id: string, row: number): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { mode: selection.mode, ids, anchor: row };
}

/** The rows a Shift click or Shift arrow on `row` covers, both ends included. */
export function rangeTo(selection: Selection, row: number): readonly [number, number] {
  const from = selection.anchor ?? row;
  return from < row ? [from, row] : [row, from];
}

/** Selects `ids`, the rows of `rangeTo`; `add` keeps what was selected before (Ctrl+Shift). */
export function selectRange(
  selection: Selection,
  ids: Iterable<string>,
  row: number,
  add: boolean,
): Selection {
  const anchor = selection.anchor ?? row;
  if (!add) return { mode: "include", ids: new Set(ids), anchor };
  const next = new Set(selection.ids);
  for (const id of ids) {
    if (selection.mode === "include") next.add(id);
    else next.delete(id);
  }
  return { mode: selection.mode, ids: next, anchor };
}

/**
 * A click as in Windows: plain selects one, Ctrl toggles and moves the anchor, Shift selects from the
 * anchor, Ctrl+Shift adds that range. `between` names the rows of a range.
 */
export function click(
  selection: Selection,
  id: string,
  row: number,
  { toggle: ctrl, shift }: Modifiers,
  between: (from: number, to: number) => Iterable<string>,
): Selection {
  if (shift) return selectRange(selection, between(...rangeTo(selection, row)), row, ctrl);
  return ctrl ? toggle(selection, id, row) : selectOnly(id, row);
}

/** Forgets ids that left the list, for instance deleted rows; the anchor goes with them. */
export function onlyOf(selection: Selection, present: readonly { path: string }[]): Selection {
  const ids = new Set<string>();
  for (const { path } of present) if (selection.ids.has(path)) ids.add(path);
  return ids.size === selection.ids.size ? selection : { ...selection, ids, anchor: null };
}
