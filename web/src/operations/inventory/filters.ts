// The search of the list, kept in the address so that it can be bookmarked, sent and gone back to.
import { DEVICE_TYPES, type Search, SORTS } from "./types";

const FLAGS = ["monitoring_enabled", "poe_powered", "has_ip"] as const;
export const IDS = ["vendor_id", "model_id", "location_id"] as const;

/** Takes what it knows from an address or a saved view and leaves the rest. */
export function searchFrom(given: Record<string, unknown>): Search {
  const search: Search = {};
  if (typeof given.q === "string" && given.q) search.q = given.q;
  else if (typeof given.q === "number") search.q = String(given.q);
  search.type = DEVICE_TYPES.find((one) => one === given.type);
  for (const name of IDS) search[name] = idFrom(given[name]);
  for (const name of FLAGS) if (typeof given[name] === "boolean") search[name] = given[name];
  // The address reads a tag such as 2024 as a number.
  if (given.tag !== undefined && given.tag !== "") search.tag = String(given.tag);
  search.sort = SORTS.find((one) => one === given.sort);
  if (given.order === "desc") search.order = "desc";
  return clean(search);
}

export function clean(search: Search): Search {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && value !== ""),
  );
}

/** How many filters narrow the list; words and order do not count. */
export function filterCount({ q: _, sort: __, order: ___, ...filters }: Search): number {
  return Object.values(filters).filter((value) => value !== undefined).length;
}

export const KINDS = ["vendors", "models", "locations"] as const;
export type Kind = (typeof KINDS)[number];
/** What the page of catalogues shows: those, and templates, which nothing refers to. */
export const TABS = [...KINDS, "templates"] as const;
export type Tab = (typeof TABS)[number];

export function idFrom(given: unknown): number | undefined {
  const id = Number(given);
  return Number.isInteger(id) && id > 0 ? id : undefined;
}
