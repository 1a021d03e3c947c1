// One entry of the upload queue, as the queue changes it.
import type { Batch } from "./batch";
import type { Meter } from "./meter";
import type { Existing, OnConflict } from "./transport";
import type { UploadState } from "./view";

export interface Job {
  id: string;
  batch: Batch;
  kind: "file" | "folder";
  path: string;
  file: File | null;
  state: UploadState;
  sent: number;
  meter: Meter;
  problem?: { code: string; detail: string; requestId?: string };
  savedAs?: string;
  existing?: Existing;
  onConflict: OnConflict;
  stop?: AbortController;
}
