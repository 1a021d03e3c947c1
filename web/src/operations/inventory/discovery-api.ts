// Searching the network, on the wire.
import { queryOptions } from "@tanstack/react-query";
import { call, client } from "@/kernel/api/client";
import type { Get, Post } from "@/kernel/api/shape";
import { cadence } from "@/kernel/live/cadence";
import type { JobStatus } from "@/kernel/live/jobs";
import { key, renewed } from "./api";
import { inWords } from "./faults";
import type { FailedRow } from "./import-api";

export interface Host {
  input: string;
  ip: string;
  hostname: string | null;
  mac: string | null;
  mac_vendor: string | null;
  reachable: boolean;
  rtt_ms: number | null;
  port: number | null;
  error: string | null;
  /** Missing while the search runs; null when no device has this address. */
  device_id?: number | null;
  device_name?: string | null;
}
export interface Discovery {
  job_id: number;
  status: JobStatus;
  progress: number;
  error: string | null;
  summary: { asked: number; total: number; reachable: number; failed: number } | null;
  results: Host[];
}
export interface Wish {
  targets?: string[];
  range?: string;
  cidr?: string;
  probe?: "auto" | "icmp" | "tcp";
  ports?: number[];
  allow_public?: boolean;
}
interface Added {
  created: number;
  skipped: number;
  failed_devices: FailedRow[];
}
type Of = { path: { job_id: number } };

interface Paths {
  "/api/inventory/discovery": Post<{ job_id: number }, Wish>;
  "/api/inventory/discovery/{job_id}": Get<Discovery, Of>;
  "/api/inventory/discovery/{job_id}/devices": Post<Added, { hosts: { ip: string }[] }, Of>;
}
const api = client<Paths>();

export const startDiscovery = (body: Wish) => inWords(call(api.POST("/api/inventory/discovery", { body })));

export const isOver = (found: Pick<Discovery, "status"> | undefined) =>
  found !== undefined && found.status !== "queued" && found.status !== "running";

export const discoveryQuery = (job_id: number) =>
  queryOptions({
    queryKey: [...key, "discovery", job_id],
    queryFn: () => call(api.GET("/api/inventory/discovery/{job_id}", { params: { path: { job_id } } })),
    refetchInterval: ({ state }) => (isOver(state.data) ? false : cadence(true)),
  });

/** Makes devices of the hosts; of all that answered when none is named. */
export const addHosts = (job_id: number, ips: string[]) =>
  renewed(
    call(
      api.POST("/api/inventory/discovery/{job_id}/devices", {
        params: { path: { job_id } },
        body: { hosts: ips.map((ip) => ({ ip })) },
      }),
    ),
  );
