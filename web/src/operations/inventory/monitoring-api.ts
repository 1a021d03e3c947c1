// What Prometheus and the check who is there need, on the wire.
import { queryOptions } from "@tanstack/react-query";
import { call, client } from "@/kernel/api/client";
import type { Delete, Get, Post, Put } from "@/kernel/api/shape";
import { key, renewed } from "./api";

export interface Token {
  id: number;
  name: string;
  created_at: string;
}
export interface Reachability {
  enabled: boolean;
  every_minutes: number;
}
export interface Written {
  written: number;
  removed: number;
  skipped: number;
  directory: string;
}

interface Paths {
  "/api/inventory/prometheus/config": Get<string>;
  "/api/inventory/prometheus/export": Post<Written>;
  "/api/inventory/prometheus/tokens": Get<Token[]> & Post<Token & { token: string }, { name: string }>;
  "/api/inventory/prometheus/tokens/{id}": Delete<undefined, undefined, { path: { id: number } }>;
  "/api/inventory/reachability": Get<Reachability> & Put<Reachability, Reachability>;
}
const api = client<Paths>();

export const ZIP = "/api/inventory/prometheus/export?mode=download";
export const RULES = "/api/inventory/prometheus/rules";

export const configQuery = queryOptions({
  queryKey: [...key, "config"],
  queryFn: () => call(api.GET("/api/inventory/prometheus/config", { parseAs: "text" })) as Promise<string>,
});
export const tokensQuery = queryOptions({
  queryKey: [...key, "tokens"],
  queryFn: () => call(api.GET("/api/inventory/prometheus/tokens")),
});
export const reachabilityQuery = queryOptions({
  queryKey: [...key, "reachability"],
  queryFn: () => call(api.GET("/api/inventory/reachability")),
});

export const addToken = (name: string) =>
  renewed(call(api.POST("/api/inventory/prometheus/tokens", { body: { name } })));
export const removeToken = (id: number) =>
  renewed(call(api.DELETE("/api/inventory/prometheus/tokens/{id}", { params: { path: { id } } })));
export const writeTargets = () => call(api.POST("/api/inventory/prometheus/export"));
export const setReachability = (body: Reachability) =>
  renewed(call(api.PUT("/api/inventory/reachability", { body })));
