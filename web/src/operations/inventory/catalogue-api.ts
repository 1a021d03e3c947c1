// Changing vendors, models and places.
import { call } from "@/kernel/api/client";
import { api, type NewLocation, renewed } from "./api";
import type { Kind } from "./filters";

const one = (id: number) => ({ params: { path: { id } } });

export function renameEntry(kind: Kind, id: number, name: string): Promise<unknown> {
  const body = { name };
  if (kind === "vendors") return renewed(call(api.PUT("/api/inventory/vendors/{id}", { ...one(id), body })));
  if (kind === "models") return renewed(call(api.PUT("/api/inventory/models/{id}", { ...one(id), body })));
  return moveLocation(id, body);
}

/** Renames a place, or moves it with everything inside; a parent of null makes it outermost. */
export const moveLocation = (id: number, body: Partial<NewLocation>): Promise<unknown> =>
  renewed(call(api.PUT("/api/inventory/locations/{id}", { ...one(id), body })));

/** What used the first then uses the second, and the first is forgotten. */
export function mergeEntry(kind: Kind, id: number, into_id: number): Promise<unknown> {
  const body = { into_id };
  if (kind === "vendors")
    return renewed(call(api.POST("/api/inventory/vendors/{id}/merge", { ...one(id), body })));
  if (kind === "models")
    return renewed(call(api.POST("/api/inventory/models/{id}/merge", { ...one(id), body })));
  return renewed(call(api.POST("/api/inventory/locations/{id}/merge", { ...one(id), body })));
}

/** Forgets what nothing uses; else the server refuses with "inventory-in-use". */
export function removeEntry(kind: Kind, id: number): Promise<unknown> {
  if (kind === "vendors") return renewed(call(api.DELETE("/api/inventory/vendors/{id}", one(id))));
  if (kind === "models") return renewed(call(api.DELETE("/api/inventory/models/{id}", one(id))));
  return renewed(call(api.DELETE("/api/inventory/locations/{id}", one(id))));
}
