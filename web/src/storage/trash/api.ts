// The trash part of the API.
import { call, client } from "@/kernel/api/client";
import type { Delete, Get, Post } from "@/kernel/api/shape";

export interface TrashItem {
  id: number | string;
  original_path: string;
  /** Empty while it lies in a vault that is locked. */
  name: string;
  /** Name of the vault it was in. */
  vault: string | null;
  type: "file" | "directory";
  size: number;
  deleted_at: string;
  expires_at: string;
  /** Its owner is gone; it can be put back among the administrator's own files. */
  of_deleted_account: boolean;
}

export interface TrashPage {
  items: TrashItem[];
  total: number;
  /** Bytes of everything in the trash. */
  size: number;
  /** What of them is the caller's own, and goes when the trash is emptied. */
  own_total: number;
  own_size: number;
  next: string | null;
}

export interface Restore {
  target_path?: string;
  on_conflict?: "fail" | "rename" | "replace";
}

type ById = { path: { id: number | string } };

interface Paths {
  "/api/trash": Get<TrashPage, { query: { limit: number; cursor?: string } }> & Delete<unknown>;
  "/api/trash/{id}": Delete<unknown, undefined, ById>;
  "/api/trash/{id}/restore": Post<{ file: { path: string } }, Restore, ById>;
}

const api = client<Paths>();

export const trashKey = ["trash"] as const;

export function listTrash(cursor: string | undefined, signal?: AbortSignal): Promise<TrashPage> {
  return call(
    api.GET("/api/trash", { params: { query: { limit: 200, ...(cursor && { cursor }) } }, signal }),
  );
}

export function restore(id: number | string, how: Restore = {}): Promise<{ file: { path: string } }> {
  return call(api.POST("/api/trash/{id}/restore", { params: { path: { id } }, body: how }));
}

export function purge(id: number | string): Promise<unknown> {
  return call(api.DELETE("/api/trash/{id}", { params: { path: { id } } }));
}

export function emptyTrash(): Promise<unknown> {
  return call(api.DELETE("/api/trash"));
}
