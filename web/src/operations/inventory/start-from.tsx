// What a new device begins with: presets that Balu brings along, and templates people keep.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { Select } from "@/kernel/kit";
import { locationsQuery, modelsQuery, vendorsQuery } from "./api";
import { presetsQuery, templatesQuery } from "./templates-api";
import { inventoryText } from "./text";
import type { NewDevice } from "./types";

export function StartFrom({ onPick }: { onPick: (start: Partial<NewDevice>) => void }) {
  const t = useText(inventoryText).form;
  const presets = useQuery(presetsQuery).data ?? [];
  const templates = useQuery(templatesQuery).data?.items ?? [];
  const [makers, types, rooms] = [useQuery(vendorsQuery), useQuery(modelsQuery), useQuery(locationsQuery)];
  // A template names its vendor, model and place: picked before the catalogues are here, it would lose them.
  const isEarly = makers.isPending || types.isPending || rooms.isPending;
  const [vendors, models, places] = [makers.data ?? [], types.data ?? [], rooms.data ?? []];
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
      disabled={isEarly}
      onChange={(event) => pick(event.target.value)}
      options={[{ value: "", label: t.startEmpty }, ...all]}
    />
  );
}
