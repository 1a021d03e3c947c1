// The files part of the API, in the words of this page.
import { call, client } from "@/kernel/api/client";
import type { Get, Post, Put } from "@/kernel/api/shape";
import { encodePath, joinPath, nameOf, parentOf } from "./names";
import type { Order, SortKey, View } from "./view";

export interface FileItem {
  name: string;
  path: string;
  size: number;
  type: "file" | "directory";
  modified_at: string;
  owner_id: string | null;
  owner_name: string | null;
  mime_type: string | null;
  /** Null for a thing just found on disk. */
  file_id: number | null;
  checksum?: string | null;
  blake3?: string | null;
  etag?: string | null;
  can_read: boolean;
  can_write: boolean;
  can_delete: boolean;
  is_infected?: boolean;
}

export interface Listing {
  files: FileItem[];
  total: number;
  /** The number under which the server tells that something in this folder changed. */
  folder_id?: number;
  etag: string;
  can_write?: boolean;
}

export interface Removed {
  message: string;
  trash_id: number | string | null;
}

export interface Accepted {
  job_id: number | string;
  status_url: string;
}

export interface Job {
  id: number | string;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  progress: number;
  message: string | null;
  result: BulkResult | null;
  error: string | null;
}

/** What became of a bulk act; the server names the first hundred failures. */
export interface BulkResult {
  done: number;
  failed: number;
  failures: { what: string; code: string; detail: string }[];
  trash_ids: number[];
}

export interface Bulk {
  action: "delete" | "move" | "copy" | "restore" | "purge";
  /** Of files; for restore and purge those of the trash. */
  ids?: (number | string)[];
  /** Things that have no id yet. */
  paths?: string[];
  /** Everything in the folder, or what its filter leaves of it. */
  filter?: { path: string; contains?: string };
  exclude?: number[];
  target_path?: string;
}

type ListQuery = {
  path: string;
  sort: SortKey;
  order: Order;
  offset: number;
  limit: number;
  filter?: string;
};

interface Paths {
  "/api/files/list": Get<Listing, { query: ListQuery }>;
  "/api/files/folder": Post<{ message: string; folder_id: number }, { path: string; name: string }>;
  "/api/files/rename": Put<{ message: string }, { old_path: string; new_name: string }>;
  "/api/files/move": Put<{ message: string }, { source_path: string; target_path: string }>;
  "/api/files/copy": Post<{ message: string }, { source_path: string; target_path: string }>;
  "/api/files/batch": Post<Accepted, Bulk>;
  "/api/files/archive": Post<{ url: string }, { paths: string[] }>;
  "/api/files/check-exists": Post<
    { duplicates: { filename: string; size_bytes: number; modified_at: string }[] },
    { filenames: string[]; target_path: string }
  >;
  "/api/jobs/{id}": Get<Job, { path: { id: number | string } }>;
  "/api/files/{path}": { delete: RemoveEndpoint };
}
interface RemoveEndpoint {
  parameters: { path: { path: string } };
  requestBody?: never;
  responses: { 200: { content: { "application/json": Removed } } };
}

const api = client<Paths>();

export function listFolder(
  view: View,
  offset: number,
  limit: number,
  signal?: AbortSignal,
): Promise<Listing> {
  const { path, sort, order, filter } = view;
  const query = { path, sort, order, offset, limit, ...(filter && { filter }) };
  return call(api.GET("/api/files/list", { params: { query }, signal }));
}

export function makeFolder(path: string): Promise<{ message: string }> {
  return call(api.POST("/api/files/folder", { body: { path: parentOf(path), name: nameOf(path) } }));
}

export function rename(path: string, name: string): Promise<{ message: string }> {
  return call(api.PUT("/api/files/rename", { body: { old_path: path, new_name: name } }));
}

export function move(path: string, folder: string, name = nameOf(path)): Promise<{ message: string }> {
  return call(
    api.PUT("/api/files/move", { body: { source_path: path, target_path: joinPath(folder, name) } }),
  );
}

export function copy(path: string, folder: string, name = nameOf(path)): Promise<{ message: string }> {
  return call(
    api.POST("/api/files/copy", { body: { source_path: path, target_path: joinPath(folder, name) } }),
  );
}

export function remove(path: string): Promise<Removed> {
  // Slashes stay slashes in this address, so the path is written into it by hand.
  const address = `/api/files/${encodePath(path)}` as "/api/files/{path}";
  return call(api.DELETE(address, { params: { path: { path } } }));
}

export function bulk(body: Bulk): Promise<Accepted> {
  return call(api.POST("/api/files/batch", { body }));
}

export function job(id: number | string): Promise<Job> {
  return call(api.GET("/api/jobs/{id}", { params: { path: { id } } }));
}

export async function existing(folder: string, names: string[]) {
  const body = { filenames: names, target_path: folder };
  const { duplicates } = await call(api.POST("/api/files/check-exists", { body }));
  return duplicates.map((one) => ({
    name: one.filename,
    size: one.size_bytes,
    modified: Date.parse(one.modified_at),
  }));
}

/** Where to download several files, or folders, as one zip. */
export async function archiveUrl(paths: string[]): Promise<string> {
  return (await call(api.POST("/api/files/archive", { body: { paths } }))).url;
}

export function downloadUrl(path: string): string {
  return `/api/files/download/${encodePath(path)}`;
}
