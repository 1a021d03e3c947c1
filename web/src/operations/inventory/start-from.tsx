// What a new device begins with: presets that Balu brings along, and templates people keep.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, client } from "@/kernel/api/client";
import type { Get, Post } from "@/kernel/api/shape";
import { useText } from "@/kernel/i18n/area";
import { Select } from "@/kernel/kit";
import { key, locationsQuery, modelsQuery, renewed, vendorsQuery } from "./api";
import { inventoryText } from "./text";
import type { Device, NewDevice, NewMonitor } from "./types";

interface Start {
  name: string;
  /** Fields of a device; vendor, model and place by name. */
  fields: Partial<NewDevice> & { vendor_name?: string; model_name?: string; location_name?: string };
  monitors: NewMonitor[];
}
interface Template extends Start {
  id: number;
}
interface Paths {
  "/api/inventory/presets": Get<(Start & { key: string })[]>;
  "/api/inventory/templates": Get<{ items: Template[] }, { query: { limit: number } }> &
    Post<Template, { name: string; fields: object; monitors: NewMonitor[] }>;
}
const api = client<Paths>();

const presetsQuery = queryOptions({
  queryKey: ["inventory-presets"],
  queryFn: () => call(api.GET("/api/inventory/presets")),
  staleTime: Number.POSITIVE_INFINITY,
});
const templatesQuery = queryOptions({
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

export function StartFrom({ onPick }: { onPick: (start: Partial<NewDevice>) => void }) {
  const t = useText(inventoryText).form;
  const presets = useQuery(presetsQuery).data ?? [];
  const templates = useQuery(templatesQuery).data?.items ?? [];
  const vendors = useQuery(vendorsQuery).data ?? [];
  const models = useQuery(modelsQuery).data ?? [];
  const places = useQuery(locationsQuery).data ?? [];
  const [picked, setPicked] = useState("");
  const words: Record<string, string> = t.preset;
  const all = [
    ...templates.map((one) => ({ ...one, value: `t${one.id}`, label: one.name })),
    ...presets.map((one) => ({ ...one, value: one.key, label: words[one.key] ?? one.name })),
  ];
  function pick(value: string): void {
    setPicked(value);
    const start = all.find((one) => one.value === value);
    if (!start) return;
    const { vendor_name, model_name, location_name, ...fields } = start.fields;
    const vendor = vendors.find((one) => one.name === vendor_name);
    const model = models.find((one) => one.name === model_name && one.vendor_id === vendor?.id);
    const place = places.find((one) => one.path === location_name);
    onPick({
      ...fields,
      ...(vendor && { vendor_id: vendor.id, model_id: model?.id ?? null }),
      ...(place && { location_id: place.id }),
      monitors: start.monitors,
    });
  }
  return (
    <Select
      label={t.startFrom}
      help={t.startFromHelp}
      value={picked}
      onChange={(event) => pick(event.target.value)}
      options={[{ value: "", label: t.startEmpty }, ...all]}
    />
  );
}
