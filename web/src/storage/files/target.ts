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
  /** Paths left out of a whole-folder target. */
  except: ReadonlySet<string>;
  /** The rows of `except`, as far as they are loaded. */
  left: readonly FileItem[];
}

export function targetOf(view: View, ...items: FileItem[]): Target {
  return { view, count: items.length, items, complete: true, except: new Set(), left: [] };
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
  return {
    view,
    count,
    items,
    complete: items.length === count,
    except: selection.mode === "exclude" ? selection.ids : new Set(),
    left,
  };
}

/** Sum of the sizes of files; null when not all rows are known. */
export function sizeOf(target: Target): number | null {
  if (!target.complete) return null;
  return target.items.reduce((sum, item) => sum + (item.type === "file" ? item.size : 0), 0);
}

export function contains(target: Target | undefined, path: string): boolean {
  if (!target) return false;
  if (target.complete) return target.items.some((item) => item.path === path);
  return !target.except.has(path);
}
