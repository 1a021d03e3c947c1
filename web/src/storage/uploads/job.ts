// One entry of the upload queue, as the queue changes it.
import type { Drop } from "./drop";
import type { Meter } from "./meter";
import type { Existing, OnConflict, Resumption } from "./transport";
import type { UploadState } from "./view";

export interface Job {
  id: string;
  /** Names it across reloads. */
  key: string;
  drop: Drop;
  kind: "file" | "folder";
  path: string;
  /** Path below the folder of the drop. */
  below: string;
  /** Null for a folder, for what could not be read, and after a reload until it is found again. */
  file: File | null;
  size: number;
  modified: number;
  /** A reload took the file away. */
  lost: boolean;
  /** The page can get a lost file back without the person picking it. */
  findable?: () => Promise<File | null>;
  state: UploadState;
  sent: number;
  meter: Meter;
  problem?: { code: string; detail: string; requestId?: string };
  savedAs?: string;
  verified?: boolean;
  existing?: Existing;
  onConflict: OnConflict;
  /** A request for it may have arrived although no answer did. */
  tried?: boolean;
  resumption?: Resumption;
  stop?: AbortController;
}
