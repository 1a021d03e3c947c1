// A device as its form holds it: text for text fields, and back.
import type { Device, NewDevice } from "./types";

/** What the dialog is open for. */
export type Edited = { mode: "add"; start?: Partial<NewDevice> } | { mode: "edit" | "clone"; device: Device };

export type Values = Omit<NewDevice, "tags" | "monitors"> & { tags: string } & Record<string, unknown>;

const EMPTY: NewDevice = {
  name: "",
  device_type: "linux_server_physical",
  ip_address: null,
  deviceFunction: null,
  vendor_id: null,
  model_id: null,
  location_id: null,
  serial_number: null,
  networks: [],
  interface_type: [],
  poe_powered: false,
  poe_standards: [],
  monitoring_enabled: true,
  tags: [],
  notes: null,
};

export function valuesOf(edited: Edited): Values {
  const from: NewDevice = edited.mode === "add" ? { ...EMPTY, ...edited.start } : edited.device;
  const taken = Object.fromEntries(
    Object.keys(EMPTY).map((name) => [name, from[name as keyof NewDevice]]),
  ) as unknown as Omit<NewDevice, "monitors">;
  const copied = edited.mode === "clone" ? { name: "", serial_number: null, ip_address: null } : {};
  return { ...taken, tags: from.tags.join(", "), ...copied };
}

/** Only what was changed here, so that nobody's change of another field is undone. */
export function changesOf(device: Device, wish: NewDevice): Partial<NewDevice> {
  const before = wishOf(valuesOf({ mode: "edit", device }));
  const same = (name: keyof NewDevice) => JSON.stringify(before[name]) === JSON.stringify(wish[name]);
  return Object.fromEntries(Object.entries(wish).filter(([name]) => !same(name as keyof NewDevice)));
}

export function wishOf({ tags, ...values }: Values): NewDevice {
  const orNull = (text: string | null) => text?.trim() || null;
  return {
    ...(values as unknown as NewDevice),
    name: values.name.trim(),
    ip_address: orNull(values.ip_address),
    deviceFunction: orNull(values.deviceFunction),
    serial_number: orNull(values.serial_number),
    notes: orNull(values.notes),
    tags: tags
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
  };
}
