// Words and shapes of the inventory, as the server writes them.

export const DEVICE_TYPES = [
  "linux_server_physical",
  "linux_server_virtual",
  "freebsd_server",
  "network_switch",
  "wireless_ap",
  "icmp_only",
  "ip_camera",
  "video_streamer",
  "iot_device",
  "url",
  "dns_record",
  "ipmi_console",
  "ups_nut",
] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];

/** Each kind of monitor with the port it has unless told otherwise. */
export const MONITOR_PORTS = {
  node_exporter: 9100,
  smartctl_exporter: 9633,
  snmp: 161,
  icmp: null,
  http: 80,
  https: 443,
  dns: 53,
  ipmi: 623,
  nut: 3493,
  docker: 8090,
} as const;
export type MonitorType = keyof typeof MONITOR_PORTS;
export const MONITOR_TYPES = Object.keys(MONITOR_PORTS) as MonitorType[];

export const NETWORKS = ["LAN", "IoT", "DMZ", "GUEST", "ALL"] as const;
export const INTERFACES = [
  "10Base-T",
  "100Base-TX",
  "1000Base-T (1GbE)",
  "2.5GBase-T (2.5GbE)",
  "5GBase-T (5GbE)",
  "10GBase-T (10GbE)",
  "SFP (1GbE)",
  "SFP+ (10GbE)",
  "25G SFP28",
  "40G QSFP+",
  "50G SFP56",
  "100G QSFP28",
  "100G QSFP56",
  "200G QSFP56-DD",
  "400G QSFP-DD",
  "Wi-Fi 4 (802.11n)",
  "Wi-Fi 5 (802.11ac)",
  "Wi-Fi 6 (802.11ax)",
  "Wi-Fi 6E (6GHz)",
  "Wi-Fi 7 (802.11be)",
  "Other",
] as const;
export const POE = [
  "PoE (802.3af)",
  "PoE+ (802.3at)",
  "PoE++ (802.3bt Type 3)",
  "PoE+++ (802.3bt Type 4)",
  "Passive PoE",
  "Other",
] as const;

export interface NewMonitor {
  monitor_type: MonitorType;
  endpoint: string | null;
  port: number | null;
  enabled: boolean;
  notes: string | null;
}

export interface Monitor extends NewMonitor {
  id: number;
  device_id: number;
}

export interface NewDevice {
  name: string;
  device_type: DeviceType;
  ip_address: string | null;
  deviceFunction: string | null;
  vendor_id: number | null;
  model_id: number | null;
  location_id: number | null;
  serial_number: string | null;
  networks: string[];
  interface_type: string[];
  poe_powered: boolean;
  poe_standards: string[];
  monitoring_enabled: boolean;
  tags: string[];
  notes: string | null;
  monitors?: NewMonitor[];
}

export interface Device extends Omit<NewDevice, "monitors"> {
  id: number;
  vendor_name: string | null;
  model_name: string | null;
  /** The whole path, outermost place first. */
  location_name: string | null;
  monitors: Monitor[];
  /** Counts the changes. */
  version: number;
  last_seen_at: string | null;
  checked_at: string | null;
  rtt_ms: number | null;
  created_at: string;
  updated_at: string;
}

export const SORTS = [
  "name",
  "device_type",
  "ip_address",
  "function",
  "vendor_name",
  "location_name",
  "monitoring_enabled",
  "updated_at",
] as const;

export interface Search {
  q?: string;
  type?: DeviceType;
  vendor_id?: number;
  model_id?: number;
  location_id?: number;
  monitoring_enabled?: boolean;
  poe_powered?: boolean;
  has_ip?: boolean;
  tag?: string;
  sort?: (typeof SORTS)[number];
  order?: "asc" | "desc";
}

export interface Found {
  results: Device[];
  count: number;
  next: string | null;
  filters_applied: Record<string, unknown>;
}

export interface Stats {
  total_devices: number;
  enabled_devices: number;
  disabled_devices: number;
  device_type_counts: Partial<Record<DeviceType, number>>;
  vendor_counts: { vendor_id: number | null; name: string | null; count: number }[];
  location_counts: { location_id: number | null; path: string | null; count: number }[];
  reachable_devices: number;
  unreachable_devices: number;
  unchecked_devices: number;
}
