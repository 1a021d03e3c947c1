// Background work of the server as the top bar and pages follow it.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { call, client } from "../api/client";
import { queryClient } from "../api/query";
import type { Get, Post } from "../api/shape";
import { cadence } from "./cadence";

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
  /** Whose work it is; null for the server's own chores. */
  owner_id: number | null;
}

interface Paths {
  "/api/jobs": Get<{ items: Job[]; total: number; next: string | null }>;
  "/api/jobs/{id}/cancel": Post<unknown, undefined, { path: { id: string | number } }>;
}

const api = client<Paths>();

const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: () => call(api.GET("/api/jobs")).then((page) => page.items),
  refetchInterval: (query) =>
    cadence(query.state.data?.some((job) => isActive(job) && job.owner_id !== null) ?? false),
});

export function isActive(job: Pick<Job, "status">): boolean {
  return job.status === "queued" || job.status === "running";
}

/** People's work, and of the server's own chores those that run or failed. */
export function isWorthShowing(job: Job): boolean {
  return job.owner_id !== null || job.status === "running" || job.status === "failed";
}

export function useJobs() {
  return useQuery({ ...jobsQuery, select: (jobs) => jobs.filter(isWorthShowing) });
}

/** Call after starting long work, so that the top bar shows it at once. */
export function watchJobs(): void {
  void queryClient.invalidateQueries({ queryKey: jobsQuery.queryKey });
}

export async function cancelJob(id: Job["id"]): Promise<void> {
  await call(api.POST("/api/jobs/{id}/cancel", { params: { path: { id } } }));
  watchJobs();
}
