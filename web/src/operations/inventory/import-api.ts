// Files in and out of the inventory.
import { call, client } from "@/kernel/api/client";
import { Problem } from "@/kernel/api/problem";
import type { Post } from "@/kernel/api/shape";
import { renewed } from "./api";
import { type Issue, inWords } from "./faults";
import { inventoryText } from "./text";
import type { Search } from "./types";

export interface FailedRow {
  index: number;
  row: number;
  name: string | null;
  issues: Issue[];
}
export interface RowDiff {
  row: number;
  name: string;
  action: "create" | "update";
  device_id: number | null;
  diff: Record<string, { old: unknown; new: unknown }>;
}
export interface ImportReport {
  status: "completed" | "partial" | "failed";
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  failed_devices: FailedRow[];
  rows: RowDiff[];
  dialect: "balu" | "netbox" | "snipe-it";
  ignored_columns: string[];
  new_vendors: string[];
  new_models: string[];
  new_locations: string[];
}
export type OnError = "abort" | "skip";
/** Cells written over those of the file, by row and field. */
export type Corrections = Readonly<Record<number, Readonly<Record<string, string>>>>;

interface Paths {
  "/api/inventory/bulk/devices/import": Post<
    ImportReport,
    FormData,
    { query: { dry_run: boolean; on_error: OnError } }
  >;
}
const api = client<Paths>();

/** What the file would do. */
export const tryImport = (file: File, corrections: Corrections) =>
  inWords(sent(file, corrections, true, "skip"));

export const importFile = (file: File, corrections: Corrections, onError: OnError) =>
  renewed(sent(file, corrections, false, onError));

/** As many bytes as the server takes at once. */
const MOST_BYTES = 64 * 1024 * 1024;

async function sent(file: File, corrections: Corrections, dry_run: boolean, on_error: OnError) {
  if (file.size > MOST_BYTES)
    throw new Problem(413, "inventory-import-too-large", inventoryText.now().import.tooBig);
  const body = new FormData();
  body.append("file", file);
  body.append("corrections", JSON.stringify(corrections));
  const params = { query: { dry_run, on_error } };
  return call(api.POST("/api/inventory/bulk/devices/import", { params, body }));
}

/** The address of a file with the devices that a search finds. */
export function exportAddress(search: Search, format: "csv" | "json"): string {
  const { sort: _, order: __, ...filters } = search;
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(filters)) query.set(name, String(value));
  return `/api/inventory/bulk/devices/export?${query}`;
}
