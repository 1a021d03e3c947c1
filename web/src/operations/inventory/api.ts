// The inventory on the wire.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, client } from "@/kernel/api/client";
import { queryClient } from "@/kernel/api/query";
import type { Delete, Get, Post, Put } from "@/kernel/api/shape";
import { inWords } from "./faults";
import type { Device, Found, Monitor, NewDevice, NewMonitor, Search, Stats } from "./types";

export const key = ["inventory"] as const;

type ById = { path: { id: number } };
type Tagged = ById & { header?: { "If-Match": string } };
interface Named {
  id: number;
  name: string;
}
export interface Vendor extends Named {
  device_count: number;
  model_count: number;
}
export interface Model extends Named {
  vendor_id: number;
  vendor_name: string;
  device_count: number;
}
export interface Location extends Named {
  kind: "site" | "room" | "rack" | "unit";
  parent_id: number | null;
  /** Names from the outermost place inwards. */
  path: string;
  device_count: number;
  tree_device_count: number;
}
export interface Change {
  id: number;
  device_id: number;
  device_name: string;
  change_type: "create" | "update" | "delete" | "bulk_import" | "bulk_delete" | "restore";
  diff: Record<string, { old: unknown; new: unknown }>;
  user: string;
  at: string;
}
export interface SavedView extends Named {
  query: Partial<Search>;
  shared: boolean;
  own: boolean;
}
interface Bulk {
  status: string;
  failed: number;
  failed_ids: number[];
}
interface List<T> {
  items: T[];
  total: number;
  next: string | null;
}
type Many = { query: { limit: number; cursor?: string; vendor_id?: number } };
type Catalogue<T, In> = Get<List<T>, Many> & Post<T, In>;
type Entry<T, In> = Put<T, In, ById> & Delete<undefined, undefined, ById>;

interface Paths {
  "/api/inventory/search/devices": Get<Found, { query: Search & { cursor?: string; limit: number } }>;
  "/api/inventory/stats": Get<Stats>;
  "/api/inventory/devices": Post<Device, NewDevice>;
  "/api/inventory/devices/{id}": Get<Device, ById> &
    Put<Device, Partial<NewDevice>, Tagged> &
    Delete<undefined, undefined, ById>;
  "/api/inventory/devices/{id}/clone": Post<Device, { name?: string; ip_address?: string }, ById>;
  "/api/inventory/devices/{id}/history": Get<Change[], ById & { query: { limit: number } }>;
  "/api/inventory/devices/{id}/monitors": Post<Monitor, NewMonitor, ById>;
  "/api/inventory/monitors/{id}": Entry<Monitor, Partial<NewMonitor>>;
  "/api/inventory/bulk/devices/delete": Post<Bulk & { deleted: number }, { device_ids: number[] }>;
  "/api/inventory/vendors": Catalogue<Vendor, { name: string }>;
  "/api/inventory/models": Catalogue<Model, { name: string; vendor_id: number }>;
  "/api/inventory/locations": Catalogue<Location, NewLocation>;
  "/api/inventory/vendors/{id}": Entry<Vendor, { name: string }>;
  "/api/inventory/models/{id}": Entry<Model, { name?: string; vendor_id?: number }>;
  "/api/inventory/locations/{id}": Entry<Location, Partial<NewLocation>>;
  "/api/inventory/vendors/{id}/merge": Post<Vendor, { into_id: number }, ById>;
  "/api/inventory/models/{id}/merge": Post<Model, { into_id: number }, ById>;
  "/api/inventory/locations/{id}/merge": Post<Location, { into_id: number }, ById>;
  "/api/inventory/views": Get<List<SavedView>, Many> & Post<SavedView, { name: string; query: object }>;
  "/api/inventory/views/{id}": Delete<undefined, undefined, ById>;
}
export interface NewLocation {
  name: string;
  parent_id: number | null;
  kind?: Location["kind"];
}

export const api = client<Paths>();
const MOST = 200;
const byId = (id: number) => ({ params: { path: { id } } });

export const searchQuery = (search: Search) =>
  infiniteQueryOptions({
    queryKey: [...key, "search", search],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...search, limit: 50, ...(pageParam && { cursor: pageParam }) };
      return call(api.GET("/api/inventory/search/devices", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const statsQuery = queryOptions({
  queryKey: [...key, "stats"],
  queryFn: () => call(api.GET("/api/inventory/stats")),
});

export const deviceQuery = (id: number) =>
  queryOptions({
    queryKey: [...key, "device", id],
    queryFn: () => call(api.GET("/api/inventory/devices/{id}", byId(id))),
  });

export const historyQuery = (id: number) =>
  queryOptions({
    queryKey: [...key, "history", id],
    queryFn: () =>
      call(
        api.GET("/api/inventory/devices/{id}/history", { params: { path: { id }, query: { limit: 100 } } }),
      ),
  });

/** A whole catalogue: homes have dozens of vendors, not thousands. */
export const vendorsQuery = queryOptions({
  queryKey: [...key, "vendors"],
  queryFn: () => everything((query) => call(api.GET("/api/inventory/vendors", { params: { query } }))),
});
export const modelsQuery = queryOptions({
  queryKey: [...key, "models"],
  queryFn: () => everything((query) => call(api.GET("/api/inventory/models", { params: { query } }))),
});
export const locationsQuery = queryOptions({
  queryKey: [...key, "locations"],
  queryFn: () => everything((query) => call(api.GET("/api/inventory/locations", { params: { query } }))),
});
export const viewsQuery = queryOptions({
  queryKey: [...key, "views"],
  queryFn: () => everything((query) => call(api.GET("/api/inventory/views", { params: { query } }))),
});

export const addDevice = (body: NewDevice) => renewed(call(api.POST("/api/inventory/devices", { body })));

/** Changes a device as it was seen; a newer one answers "precondition-failed". */
export const changeDevice = (device: Device, body: Partial<NewDevice>) => {
  const params = { path: { id: device.id }, header: { "If-Match": `"${device.version}"` } };
  return renewed(call(api.PUT("/api/inventory/devices/{id}", { params, body })));
};
export const cloneDevice = (id: number, body: { name?: string; ip_address?: string }) =>
  renewed(call(api.POST("/api/inventory/devices/{id}/clone", { ...byId(id), body })));
export const removeDevices = (device_ids: number[]) =>
  renewed(call(api.POST("/api/inventory/bulk/devices/delete", { body: { device_ids } })));

export const addMonitor = (id: number, body: NewMonitor) =>
  renewed(call(api.POST("/api/inventory/devices/{id}/monitors", { ...byId(id), body })));
export const changeMonitor = (id: number, body: Partial<NewMonitor>) =>
  renewed(call(api.PUT("/api/inventory/monitors/{id}", { ...byId(id), body })));
export const removeMonitor = (id: number) =>
  renewed(call(api.DELETE("/api/inventory/monitors/{id}", byId(id))));

export const addVendor = (name: string) =>
  renewed(call(api.POST("/api/inventory/vendors", { body: { name } })));
export const addModel = (name: string, vendor_id: number) =>
  renewed(call(api.POST("/api/inventory/models", { body: { name, vendor_id } })));
export const addLocation = (body: NewLocation) =>
  renewed(call(api.POST("/api/inventory/locations", { body })));

export const saveView = (name: string, query: Search) =>
  renewed(call(api.POST("/api/inventory/views", { body: { name, query } })));
export const removeView = (id: number) => renewed(call(api.DELETE("/api/inventory/views/{id}", byId(id))));

/** Everything of the inventory that is shown anywhere loads again. */
export async function renewed<T>(answer: Promise<T>): Promise<T> {
  const value = await inWords(answer);
  await queryClient.invalidateQueries({ queryKey: key });
  return value;
}

async function everything<T>(page: (query: Many["query"]) => Promise<List<T>>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await page({ limit: MOST, ...(cursor && { cursor }) });
    all.push(...items);
    cursor = next ?? undefined;
  } while (cursor);
  return all;
}
