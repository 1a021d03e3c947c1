// Presets that Balu brings along, and templates people keep, on the wire.
import { queryOptions } from "@tanstack/react-query";
import { call, client } from "@/kernel/api/client";
import type { Delete, Get, Post, Put } from "@/kernel/api/shape";
import { key, renewed } from "./api";
import type { Device, NewDevice, NewMonitor } from "./types";

interface Start {
  name: string;
  /** Fields of a device; vendor, model and place by name. */
  fields: Partial<NewDevice> & { vendor_name?: string; model_name?: string; location_name?: string };
  monitors: NewMonitor[];
}
export interface Template extends Start {
  id: number;
}
type ById = { path: { id: number } };

interface Paths {
  "/api/inventory/presets": Get<(Start & { key: string })[]>;
  "/api/inventory/templates": Get<{ items: Template[] }, { query: { limit: number } }> &
    Post<Template, { name: string; fields: object; monitors: NewMonitor[] }>;
  "/api/inventory/templates/{id}": Put<Template, { name: string }, ById> & Delete<undefined, undefined, ById>;
}
const api = client<Paths>();

export const presetsQuery = queryOptions({
  queryKey: ["inventory-presets"],
  queryFn: () => call(api.GET("/api/inventory/presets")),
  staleTime: Number.POSITIVE_INFINITY,
});
export const templatesQuery = queryOptions({
  queryKey: [...key, "templates"],
  queryFn: () => call(api.GET("/api/inventory/templates", { params: { query: { limit: 200 } } })),
});

/** Keeps what a device is like, without what only it has, for the next ones. */
export function keepTemplate(name: string, device: Device): Promise<Template> {
  const { device_type, deviceFunction, networks, interface_type, poe_powered, poe_standards } = device;
  const { monitoring_enabled, tags, vendor_name, model_name, location_name } = device;
  const said = { deviceFunction, vendor_name, model_name, location_name };
  const fields = {
    ...{ device_type, networks, interface_type, poe_powered, poe_standards, monitoring_enabled, tags },
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)),
  };
  const monitors = device.monitors.map(({ monitor_type, port, enabled, notes }) => ({
    ...{ monitor_type, port, enabled, notes },
    endpoint: null,
  }));
  return renewed(call(api.POST("/api/inventory/templates", { body: { name, fields, monitors } })));
}

/** Keeps a template again that was forgotten. */
export const addTemplate = ({ name, fields, monitors }: Template) =>
  renewed(call(api.POST("/api/inventory/templates", { body: { name, fields, monitors } })));

export const renameTemplate = (id: number, name: string) =>
  renewed(call(api.PUT("/api/inventory/templates/{id}", { params: { path: { id } }, body: { name } })));

export const removeTemplate = (id: number) =>
  renewed(call(api.DELETE("/api/inventory/templates/{id}", { params: { path: { id } } })));
