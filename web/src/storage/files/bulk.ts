// One act on many things: single calls while few and known, one job on the server otherwise.
import { isProblem, Problem } from "@/kernel/api/problem";
import { jobMoved } from "@/kernel/live/jobs";
import { type Bulk, type BulkResult, bulk, type FileItem, job } from "./api";
import type { Target } from "./target";

const MOST_SINGLE = 50;
const PARALLEL = 4;

export interface Outcome<T> {
  done: { item: FileItem; result: T }[];
  failed: { item: FileItem; error: unknown }[];
}

/** Single calls are worth it: their answers allow Undo. */
export function isSmall(target: Target): boolean {
  return target.complete && target.count <= MOST_SINGLE;
}

export async function each<T>(
  items: readonly FileItem[],
  act: (item: FileItem) => Promise<T>,
): Promise<Outcome<T>> {
  const outcome: Outcome<T> = { done: [], failed: [] };
  const waiting = [...items];
  const work = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      try {
        outcome.done.push({ item, result: await act(item) });
      } catch (error) {
        if (!isProblem(error)) throw error;
        outcome.failed.push({ item, error });
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return outcome;
}

/** The body that names a target to the server. */
export function bulkBody(target: Target, action: Bulk["action"], folder?: string): Bulk {
  const { view, items, chosen, except, left } = target;
  const body: Bulk = { action, ...(folder !== undefined && { target_path: folder }) };
  if (chosen) {
    const known = new Set(items.filter((item) => item.file_id !== null).map((item) => item.path));
    return { ...body, ids: idsOf(items), paths: [...chosen].filter((path) => !known.has(path)) };
  }
  const filter = { path: view.path, ...(view.filter && { contains: view.filter }) };
  const exclude = idsOf(left);
  // A row that was taken out but cannot be named would be acted on.
  if (exclude.length < except.size) throw new Problem(409, "conflict", "");
  return { ...body, filter, exclude };
}

/** Starts the job and waits for its end; a failed job throws a Problem. */
export async function runBulk(body: Bulk): Promise<BulkResult> {
  const { job_id } = await bulk(body);
  for (;;) {
    const now = await job(job_id);
    if (now.status === "completed" && now.result) return now.result;
    if (now.status !== "queued" && now.status !== "running") {
      throw new Problem(500, "conflict", now.error ?? now.message ?? "");
    }
    await jobMoved(job_id);
  }
}

function idsOf(items: readonly FileItem[]): number[] {
  return items.flatMap((item) => item.file_id ?? []);
}
