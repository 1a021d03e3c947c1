// What the upload panel shows: an unchanging picture of the queue, and its sums.
import { nameOf, parentOf } from "../files/names";
import type { Job } from "./job";
import type { Meter } from "./meter";
import type { Existing } from "./transport";

export type UploadState =
  | "waiting"
  | "sending"
  | "paused"
  | "conflict"
  | "failed"
  | "done"
  | "skipped"
  | "cancelled";

export interface Upload {
  id: string;
  name: string;
  path: string;
  folder: string;
  /** Which drop it belongs to. */
  drop: object;
  size: number;
  modified: number;
  sent: number;
  state: UploadState;
  rate: number;
  left: number | null;
  problem?: { code: string; detail: string; requestId?: string };
  /** The name it got when that is not its own. */
  savedAs?: string;
  /** The server holds exactly these bytes, by BLAKE3 on both sides. */
  verified: boolean;
  /** A reload took its file away. */
  lost: boolean;
  existing?: Existing;
  /** False for entries the browser could not read. */
  retryable: boolean;
}

export interface Failure {
  code: string;
  detail: string;
  requestId?: string;
  count: number;
  retryable: boolean;
}

export interface QueueView {
  items: readonly Upload[];
  /** Files of this round without cancelled ones, and how many of them are through. */
  total: number;
  finished: number;
  bytes: number;
  sent: number;
  rate: number;
  left: number | null;
  /** Something is on its way or waiting for its turn. */
  active: boolean;
  /** Paused ones; those among them that a reload stopped; and of these, those whose file must be picked. */
  paused: number;
  interrupted: number;
  missing: number;
  /** What to pick: a folder when one of the missing files came with one. */
  missingFrom: "files" | "folder";
  conflicts: readonly Upload[];
  failures: readonly Failure[];
}

export function viewOf(jobs: readonly Job[], all: Meter): QueueView {
  const items = jobs.map(uploadOf);
  const counted = items.filter((item) => item.state !== "cancelled" && item.state !== "skipped");
  const moving = counted.filter((item) => item.state !== "failed");
  const bytes = sum(moving, (item) => item.size);
  const sent = sum(moving, (item) => item.sent);
  const missing = jobs.filter((job) => job.lost && job.state === "paused" && !job.findable);
  const active = items.some((item) => item.state === "waiting" || item.state === "sending");
  return {
    items,
    total: counted.length,
    finished: counted.filter((item) => item.state === "done").length,
    bytes,
    sent,
    rate: active ? all.rate : 0,
    left: active ? all.left(bytes - sent) : null,
    active,
    paused: items.filter((item) => item.state === "paused").length,
    interrupted: jobs.filter((job) => job.lost && job.state === "paused" && job.findable).length,
    missing: missing.length,
    missingFrom: missing.some((job) => job.below.includes("/")) ? "folder" : "files",
    conflicts: items.filter((item) => item.state === "conflict"),
    failures: failuresOf(items),
  };
}

/** Share done, 0 to 1; empty files count as one byte so that a queue of them still moves. */
export function shareDone(view: QueueView): number {
  const whole = view.bytes + view.total;
  return whole === 0 ? 0 : Math.min(1, (view.sent + view.finished) / whole);
}

function uploadOf(job: Job): Upload {
  const { size } = job;
  const sending = job.state === "sending";
  return {
    id: job.id,
    name: nameOf(job.path),
    path: job.path,
    folder: parentOf(job.path),
    drop: job.drop,
    size,
    modified: job.modified,
    sent: job.sent,
    state: job.state,
    rate: sending ? job.meter.rate : 0,
    left: sending ? job.meter.left(size - job.sent) : null,
    problem: job.problem,
    savedAs: job.savedAs,
    verified: job.verified === true,
    lost: job.lost,
    existing: job.existing,
    retryable: job.kind === "folder" || job.file !== null,
  };
}

function failuresOf(items: readonly Upload[]): Failure[] {
  const groups = new Map<string, Failure>();
  for (const { problem, retryable } of items) {
    if (!problem) continue;
    const group = groups.get(problem.code);
    if (group) group.count += 1;
    else groups.set(problem.code, { ...problem, count: 1, retryable });
  }
  return [...groups.values()];
}

function sum<T>(list: readonly T[], value: (one: T) => number): number {
  return list.reduce((total, one) => total + value(one), 0);
}
