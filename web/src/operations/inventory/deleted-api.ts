// Deleted devices on the wire.
import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { call, client } from "@/kernel/api/client";
import type { Get, Post } from "@/kernel/api/shape";
import { key, renewed } from "./api";
import type { Device } from "./types";

export interface DeletedDevice extends Device {
  deleted_at: string;
  deleted_by: string | null;
  /** From then on it may be gone for good. */
  expires_at: string;
  /** The device that has its name now. */
  name_taken_by: number | null;
}
interface DeletedPage {
  items: DeletedDevice[];
  total: number;
  next: string | null;
  retention_days: number;
}
interface Restored {
  restored: number;
  failed_ids: number[];
  /** Those of them whose name another device has. */
  taken_ids: number[];
}

interface Paths {
  "/api/inventory/devices/deleted": Get<DeletedPage, { query: { q?: string; cursor?: string } }>;
  "/api/inventory/devices/{id}/restore": Post<Device, { name: string }, { path: { id: number } }>;
  "/api/inventory/bulk/devices/restore": Post<Restored, { device_ids: number[] }>;
}

const api = client<Paths>();

export const deletedQuery = (q: string | undefined) =>
  infiniteQueryOptions({
    queryKey: [...key, "deleted", q],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...(q && { q }), ...(pageParam && { cursor: pageParam }) };
      return call(api.GET("/api/inventory/devices/deleted", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const restoreDevices = (device_ids: number[]) =>
  renewed(call(api.POST("/api/inventory/bulk/devices/restore", { body: { device_ids } })));

/** Under another name, where its own was given away. */
export const restoreAs = (id: number, name: string) =>
  renewed(
    call(api.POST("/api/inventory/devices/{id}/restore", { params: { path: { id } }, body: { name } })),
  );
