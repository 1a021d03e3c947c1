// How bytes reach the server. The queue knows only this interface.

export type OnConflict = "fail" | "rename" | "replace";

/** Where an upload goes on: its address on the server and the credential that may write to it. */
export interface Resumption {
  url: string;
  token: string;
}

export interface Task {
  id: string;
  file: File;
  /** Full path of the file to be. */
  path: string;
  onConflict: OnConflict;
  resumption?: Resumption;
}

export interface Sent {
  /** Where it is now; another name when its own was taken. */
  path: string;
  /** What the server stored has the BLAKE3 that was computed here. */
  verified: boolean;
}

export interface Telling {
  progress(sent: number): void;
  /** The server knows the upload; from here on it can go on after a reload. */
  started(resumption: Resumption): void;
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
  /** Files up to this many bytes travel together. */
  readonly small: number;
  /** Sends one file in pieces. Rejects with TransferError, or AbortError by `signal`. */
  send(task: Task, tell: Telling, signal: AbortSignal): Promise<Sent>;
  /** Sends small files in one request; an outcome for each, in their order. Rejects as `send`. */
  sendMany(
    tasks: readonly Task[],
    progress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<(Sent | TransferError)[]>;
  /** Tells the server that nobody will finish this upload. */
  discard(resumption: Resumption): Promise<void>;
  /** Makes one folder whose parent exists; "there" when it did exist. */
  folder(path: string): Promise<"made" | "there">;
  /** Which of `names` exist in `folder`. */
  existing(folder: string, names: string[]): Promise<Existing[]>;
}
