// BLAKE3 in a worker, which is loaded with the first upload.
import type { Ask, Reply } from "./hash.worker";
import { TransferError } from "./transport";

type Question<T = Ask> = T extends Ask ? Omit<T, "call"> : never;
interface Waiting {
  done(value: unknown): void;
  fail(error: Error): void;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | undefined;
let calls = 0;

/** Digests of small files in hexadecimal, null for what cannot be read. */
export function digests(files: readonly File[]): Promise<(string | null)[]> {
  return ask({ kind: "many", files }) as Promise<(string | null)[]>;
}

/** The digest of bytes `from` to `to` of the file that the upload `key` sends. */
export function pieceDigest(key: string, file: File, from: number, to: number): Promise<Uint8Array> {
  return ask({ kind: "piece", key, file, from, to }) as Promise<Uint8Array>;
}

/** The digest of the whole file, in hexadecimal; reads only what no piece has shown yet. */
export function wholeDigest(key: string, file: File): Promise<string> {
  return ask({ kind: "whole", key, file }) as Promise<string>;
}

export function forgetDigest(key: string): void {
  if (worker) void ask({ kind: "forget", key });
}

function ask(question: Question): Promise<unknown> {
  worker ??= start();
  calls += 1;
  const call = calls;
  return new Promise((done, fail) => {
    waiting.set(call, { done, fail });
    worker?.postMessage({ ...question, call });
  });
}

function start(): Worker {
  const made = new Worker(new URL("./hash.worker.ts", import.meta.url), { type: "module" });
  made.onmessage = ({ data }: MessageEvent<Reply>) => {
    const call = waiting.get(data.call);
    waiting.delete(data.call);
    if (data.broken !== undefined) call?.fail(new TransferError("internal", data.broken));
    else if (data.unreadable !== undefined) call?.fail(new TransferError("unreadable", data.unreadable));
    else call?.done(data.value);
  };
  made.onerror = (event) => {
    // Without a message its script could not be fetched.
    const error = new TransferError(event.message ? "internal" : "offline", event.message ?? "");
    for (const call of waiting.values()) call.fail(error);
    waiting.clear();
    made.terminate();
    worker = undefined;
  };
  return made;
}
