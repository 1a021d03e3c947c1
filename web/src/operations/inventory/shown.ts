// Fields of a device in words: for its page, its history and for two versions side by side.
import { useText } from "@/kernel/i18n/area";
import { inventoryText } from "./text";
import { DEVICE_TYPES, type Device } from "./types";

export interface Shown {
  field(name: string): string;
  value(value: unknown): string;
  /** What `after` has that `before` had not: the field in words and its value. */
  differences(before: Device | null, after: Device): [string, string][];
}

export function useShown(): Shown {
  const t = useText(inventoryText);
  const f = t.form;
  const names: Record<string, string> = {
    name: f.name,
    device_type: f.type,
    ip_address: f.address,
    deviceFunction: f.function,
    function: f.function,
    vendor: f.vendor,
    vendor_name: f.vendor,
    model: f.model,
    model_name: f.model,
    location: f.location,
    location_name: f.location,
    serial_number: f.serial,
    networks: f.networks,
    interface_type: f.interfaces,
    poe_powered: f.poe,
    poe_standards: f.poeStandards,
    monitoring_enabled: f.monitoring,
    tags: f.tags,
    notes: f.notes,
    monitors: t.device.monitors,
  };
  const value = (given: unknown): string => {
    if (given === null || given === undefined || given === "") return f.empty;
    if (typeof given === "boolean") return given ? f.yes : f.no;
    if (Array.isArray(given)) return given.map(value).join(", ") || f.empty;
    const type = DEVICE_TYPES.find((one) => one === given);
    if (type) return t.type[type];
    if (typeof given !== "object") return String(given);
    // A monitor: its kind and what it says of itself; that it is on goes without saying.
    const said = Object.values(given).filter((one) => one !== null && one !== true);
    return said.map(value).join(" ");
  };
  return {
    field: (name) => names[name] ?? name,
    value,
    differences: (before, after) =>
      Object.keys(names).flatMap((name): [string, string][] => {
        if (!(name in after) || name === "monitors") return [];
        const [old, now] = [before?.[name as keyof Device], after[name as keyof Device]];
        return JSON.stringify(old) === JSON.stringify(now) ? [] : [[names[name] ?? name, value(now)]];
      }),
  };
}
