// Background work of the server as the top bar and pages follow it.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { call, client } from "../api/client";
import { queryClient } from "../api/query";
import type { Get, Post } from "../api/shape";
import { cadence } from "./cadence";
import { isLive, listen, useLive } from "./socket";

const TOPIC = "jobs";
/** How long a change of a job may go unnoticed, with the socket and without. */
const LOOK_MS = { live: 2_000, alone: 400 };

export type JobStatus = "queued" | "running" | "completed" | "failed" | "cancelled";

export interface Job {
  id: string | number;
  kind: string;
  status: JobStatus;
  /** 0 to 100. */
  progress: number;
  message: string | null;
  result: unknown;
  error: string | null;
}

interface Paths {
  "/api/jobs": Get<{ items: Job[]; total: number; next: string | null }, { query: { mine: true } }>;
  "/api/jobs/{id}/cancel": Post<unknown, undefined, { path: { id: string | number } }>;
}

const api = client<Paths>();

const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: () => call(api.GET("/api/jobs", { params: { query: { mine: true } } })).then((page) => page.items),
  refetchInterval: (query) => cadence(query.state.data?.some(isActive) ?? false),
});

export function isActive(job: Pick<Job, "status">): boolean {
  return job.status === "queued" || job.status === "running";
}

/** One's own work; the server's chores belong to the administration. */
export function useJobs() {
  useLive(TOPIC, watchJobs);
  return useQuery(jobsQuery);
}

/** Waits until the job may have changed: told by the server, or after a while. */
export function jobMoved(id: Job["id"]): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(end, isLive() ? LOOK_MS.live : LOOK_MS.alone);
    const stop = listen(TOPIC, (data) => {
      const told = data as { id?: unknown } | undefined;
      if (!told || String(told.id) === String(id)) end();
    });
  });
}

/** Call after starting long work, so that the top bar shows it at once. */
export function watchJobs(): void {
  void queryClient.invalidateQueries({ queryKey: jobsQuery.queryKey });
}

export async function cancelJob(id: Job["id"]): Promise<void> {
  await call(api.POST("/api/jobs/{id}/cancel", { params: { path: { id } } }));
  watchJobs();
}
