// The loaded pages of a list, and changes made to them before the server has answered.
import type { QueryClient } from "@tanstack/react-query";
import type { FileItem, Listing } from "./api";
import type { View } from "./view";

export const PAGE_ROWS = 500;

/** The lists of all folders. */
export const listsKey = ["files", "list"] as const;
export const listKey = (view: View) => [...listsKey, view.path, view.sort, view.order, view.filter] as const;
export const pageKey = (view: View, page: number) => [...listKey(view), page] as const;
/** All lists of one folder, however sorted. */
export const folderKey = (path: string) => [...listsKey, path] as const;

export function rowAt(client: QueryClient, view: View, row: number): FileItem | undefined {
  const page = client.getQueryData<Listing>(pageKey(view, Math.floor(row / PAGE_ROWS)));
  return page?.files[row % PAGE_ROWS];
}

/** What stays the same about a thing when its name, place in the list or content changes. */
export function keyOf(item: FileItem): number | string {
  return item.file_id ?? item.path;
}

/** Where a thing is now among the loaded rows. */
export function rowOf(client: QueryClient, view: View, key: number | string): number | null {
  for (const [query, page] of client.getQueriesData<Listing>({ queryKey: listKey(view) })) {
    const at = page?.files.findIndex((item) => keyOf(item) === key) ?? -1;
    if (at >= 0) return Number(query.at(-1)) * PAGE_ROWS + at;
  }
  return null;
}

/** Changes one row in place, for instance its name after a rename. */
export function patchRow(client: QueryClient, view: View, path: string, change: Partial<FileItem>): void {
  client.setQueriesData<Listing>({ queryKey: listKey(view) }, (page) =>
    page?.files.some((item) => item.path === path)
      ? { ...page, files: page.files.map((item) => (item.path === path ? { ...item, ...change } : item)) }
      : page,
  );
}

/** Takes rows out and closes the gap; pages that lack rows afterwards are loaded again when seen. */
export function dropRows(client: QueryClient, view: View, gone: ReadonlySet<string>): void {
  const pages = new Map<number, Listing>();
  for (const [key, page] of client.getQueriesData<Listing>({ queryKey: listKey(view) })) {
    if (page) pages.set(key.at(-1) as number, page);
  }
  for (const [page, listing] of withoutRows(pages, gone)) {
    if (listing) client.setQueryData(pageKey(view, page), listing);
    else client.removeQueries({ queryKey: pageKey(view, page), exact: true });
  }
}

/** The pages after rows left; null for a page that is no longer complete. */
export function withoutRows(
  pages: ReadonlyMap<number, Listing>,
  gone: ReadonlySet<string>,
): Map<number, Listing | null> {
  const result = new Map<number, Listing | null>();
  const numbers = [...pages.keys()].sort((a, b) => a - b);
  const any = pages.get(numbers[0] ?? 0);
  if (!any) return result;
  let lost = 0;
  const rows: (FileItem | undefined)[] = [];
  for (const number of numbers) {
    // Rows of pages that were never loaded are unknown; they only move up by what was lost before.
    const start = number * PAGE_ROWS - lost;
    let at = Math.max(start, 0);
    for (const item of pages.get(number)?.files ?? []) {
      if (gone.has(item.path)) lost += 1;
      else {
        rows[at] = item;
        at += 1;
      }
    }
  }
  const total = Math.max(0, any.total - lost);
  for (const number of numbers) {
    const begin = number * PAGE_ROWS;
    const want = Math.min(PAGE_ROWS, Math.max(0, total - begin));
    const files = rows.slice(begin, begin + want).filter((item) => item !== undefined);
    const page = pages.get(number) as Listing;
    result.set(
      number,
      files.length === want && (want > 0 || number === 0) ? { ...page, files, total } : null,
    );
  }
  return result;
}
