// BLAKE3 beside the page: of pieces as they are sent, and of whole files.
import { createBLAKE3, type IHasher } from "hash-wasm";

export type Ask =
  | { call: number; kind: "many"; files: readonly File[] }
  | { call: number; kind: "piece"; key: string; file: File; from: number; to: number }
  | { call: number; kind: "whole"; key: string; file: File }
  | { call: number; kind: "forget"; key: string };

export type Reply = { call: number; value?: unknown; unreadable?: string; broken?: string };

interface Whole {
  hasher: IHasher;
  at: number;
}

const wholes = new Map<string, Whole>();
let shared: Promise<IHasher> | undefined;

addEventListener("message", async ({ data }: MessageEvent<Ask>) => {
  const reply: Reply = { call: data.call };
  try {
    reply.value = await answer(data);
  } catch (error) {
    // A file that changed or vanished since it was picked cannot be read any more.
    if (error instanceof DOMException) reply.unreadable = error.message;
    else reply.broken = String(error);
  }
  postMessage(reply);
});

async function answer(ask: Ask): Promise<unknown> {
  if (ask.kind === "many") return Promise.all(ask.files.map(ofSmall));
  if (ask.kind === "piece") return ofPiece(ask.key, ask.file, ask.from, ask.to);
  if (ask.kind === "whole") return ofWhole(ask.key, ask.file);
  return wholes.delete(ask.key);
}

async function ofSmall(file: File): Promise<string | null> {
  try {
    return hex(await one(new Uint8Array(await file.arrayBuffer())));
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** The piece's own digest; the whole file's is kept up to its end on the way. */
async function ofPiece(key: string, file: File, from: number, to: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.slice(from, to).arrayBuffer());
  const whole = await upTo(key, file, from);
  if (whole.at === from) {
    whole.hasher.update(bytes);
    whole.at = to;
  }
  return one(bytes);
}

async function ofWhole(key: string, file: File): Promise<string> {
  const whole = await upTo(key, file, file.size);
  wholes.delete(key);
  return whole.hasher.digest("hex");
}

/** The running digest of `key`, which has seen at least the first `end` bytes. */
async function upTo(key: string, file: File, end: number): Promise<Whole> {
  const whole = wholes.get(key) ?? { hasher: (await createBLAKE3()).init(), at: 0 };
  wholes.set(key, whole);
  if (whole.at < end) {
    // An upload that goes on after a reload: what was sent before is read once more.
    const reader = file.slice(whole.at, end).stream().getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      whole.hasher.update(step.value);
      whole.at += step.value.byteLength;
    }
  }
  return whole;
}

async function one(bytes: Uint8Array): Promise<Uint8Array> {
  shared ??= createBLAKE3();
  const hasher = await shared;
  return hasher.init().update(bytes).digest("binary");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
