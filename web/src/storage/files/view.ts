// What the address says about the list: folder, order, filter.

export const SORTS = ["name", "size", "modified", "type"] as const;
export type SortKey = (typeof SORTS)[number];
export type Order = "asc" | "desc";

export interface View {
  path: string;
  sort: SortKey;
  order: Order;
  filter: string;
}

export interface FilesSearch {
  /** "name", or "-modified" for descending. */
  sort?: string;
  filter?: string;
}

export function viewFrom(path: string, search: FilesSearch): View {
  const given = typeof search.sort === "string" ? search.sort : "";
  const key = given.replace(/^-/, "");
  const known = SORTS.find((one) => one === key);
  return {
    path,
    sort: known ?? "name",
    order: known && given.startsWith("-") ? "desc" : "asc",
    filter: typeof search.filter === "string" ? search.filter : "",
  };
}

/** The search part of the address, without what is the default. */
export function searchFor({ sort, order, filter }: Omit<View, "path">): FilesSearch {
  const text = `${order === "desc" ? "-" : ""}${sort}`;
  return { ...(text !== "name" && { sort: text }), ...(filter && { filter }) };
}

/** The order after a click on a column: the other way round, or the column's natural first order. */
export function sortedBy(view: View, sort: SortKey): View {
  if (view.sort === sort) return { ...view, order: view.order === "asc" ? "desc" : "asc" };
  return { ...view, sort, order: sort === "name" || sort === "type" ? "asc" : "desc" };
}

/** Checks a search from the address bar; anything unknown is left out. */
export function validateFilesSearch(search: Record<string, unknown>): FilesSearch {
  const view = viewFrom("", search as FilesSearch);
  return searchFor(view);
}
