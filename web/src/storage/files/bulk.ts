// One act on many things: single calls while few and known, one job on the server otherwise.
import { isProblem, Problem } from "@/kernel/api/problem";
import { type Bulk, bulk, type FileItem, type Job, job } from "./api";
import type { Target } from "./target";

const MOST_SINGLE = 50;
const PARALLEL = 4;
const POLL_MS = 400;

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
  const { view, items, complete, except } = target;
  const body: Bulk = { action, path: view.path, ...(folder !== undefined && { target_path: folder }) };
  if (complete) return { ...body, ids: idsOf(items) };
  const left = items.filter((item) => except.has(item.path));
  return { ...body, exclude: idsOf(left), ...(view.filter && { filter: view.filter }) };
}

/** Starts the job and waits for its end; a failed job throws a Problem. */
export async function runBulk(body: Bulk, progress: (share: number) => void = () => {}): Promise<Job> {
  const { job_id } = await bulk(body);
  for (;;) {
    const now = await job(job_id);
    if (now.status === "completed") return now;
    if (now.status === "failed" || now.status === "cancelled") {
      throw new Problem(500, "conflict", now.error ?? now.message ?? "");
    }
    progress(now.progress / 100);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

function idsOf(items: readonly FileItem[]): number[] {
  return items.flatMap((item) => item.file_id ?? []);
}
