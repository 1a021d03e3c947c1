// What an action works on: rows that are known, or everything in a list but a few.
import type { FileItem } from "./api";
import { countSelected, isSelected, type Selection } from "./selection";
import type { View } from "./view";

export interface Target {
  view: View;
  count: number;
  /** The rows meant, as far as they are loaded. */
  items: readonly FileItem[];
  /** True when `items` is all of it. */
  complete: boolean;
  /** The paths meant; null when it is everything the view shows but `except`. */
  chosen: ReadonlySet<string> | null;
  /** Paths left out of a whole-folder target. */
  except: ReadonlySet<string>;
  /** The rows of `except`, as far as they are loaded. */
  left: readonly FileItem[];
}

export function targetOf(view: View, ...items: FileItem[]): Target {
  const chosen = new Set(items.map((item) => item.path));
  return { view, count: items.length, items, complete: true, chosen, except: new Set(), left: [] };
}

/** Looks up the selected rows among `known`, all rows loaded so far. */
export function targetFrom(
  view: View,
  selection: Selection,
  total: number,
  known: Iterable<FileItem>,
): Target {
  const items: FileItem[] = [];
  const left: FileItem[] = [];
  for (const item of known) {
    if (isSelected(selection, item.path)) items.push(item);
    else if (selection.mode === "exclude") left.push(item);
  }
  const count = countSelected(selection, total);
  const [chosen, except] =
    selection.mode === "include" ? [selection.ids, new Set<string>()] : [null, selection.ids];
  return { view, count, items, complete: items.length === count, chosen, except, left };
}

/** Sum of the sizes of files; null when not all rows are known. */
export function sizeOf(target: Target): number | null {
  if (!target.complete) return null;
  return target.items.reduce((sum, item) => sum + (item.type === "file" ? item.size : 0), 0);
}

export function contains(target: Target | undefined, path: string): boolean {
  if (!target) return false;
  return target.chosen ? target.chosen.has(path) : !target.except.has(path);
}
