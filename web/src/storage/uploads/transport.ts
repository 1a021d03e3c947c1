// How bytes reach the server. The queue knows only this interface.

export type OnConflict = "fail" | "rename" | "replace";

export interface Task {
  id: string;
  file: File;
  /** Full path of the file to be. */
  path: string;
  onConflict: OnConflict;
}

export interface Existing {
  name: string;
  size: number;
  /** ms since 1970. */
  modified: number;
}

/** Why a request did not work, in the server's stable vocabulary. */
export class TransferError extends Error {
  constructor(
    /** Problem code, or "offline" when no answer came. */
    readonly code: string,
    detail: string,
    readonly requestId?: string,
  ) {
    super(detail);
  }
}

export interface Transport {
  /** True when a paused file goes on where it stopped instead of from its first byte. */
  readonly resumes: boolean;
  /** Sends the file; resolves with the name it got. Rejects with TransferError, or AbortError by `signal`. */
  send(task: Task, progress: (sent: number) => void, signal: AbortSignal): Promise<{ path: string }>;
  /** Makes one folder whose parent exists; "there" when it did exist. */
  folder(path: string): Promise<"made" | "there">;
  /** Which of `names` exist in `folder`. */
  existing(folder: string, names: string[]): Promise<Existing[]>;
}
