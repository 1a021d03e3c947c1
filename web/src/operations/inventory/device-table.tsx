import { Link } from "@tanstack/react-router";
import { useText } from "@/kernel/i18n/area";
import { Badge, type Column, Copy, Ellipsis, IconButton, Menu, Pencil, Table, Trash2 } from "@/kernel/kit";
import type { Edited } from "./device-values";
import { type Selected, Tick } from "./selection";
import { type Sorting, sortHead } from "./sorting";
import { inventoryText } from "./text";
import type { Device } from "./types";

interface DeviceTableProps {
  rows: Device[];
  condensed: boolean;
  selected: Selected;
  /** Missing for those who may only look. */
  onSelect?: (selected: Selected) => void;
  onEdit(edited: Edited): void;
  onRemove(device: Device): void;
  sorting: Sorting;
}

export function DeviceTable(props: DeviceTableProps) {
  const { rows, condensed, selected, onSelect, onEdit, onRemove, sorting } = props;
  const t = useText(inventoryText);
  const columns: Column<Device>[] = [
    {
      id: "name",
      ...sortHead(t.column.name, "name", sorting),
      isName: true,
      cell: (device) => (
        <span className="inventory-name">
          {onSelect && <Tick {...device} selected={selected} onSelect={onSelect} />}
          <span>
            <Link className="inventory-link" to="/server/inventory/$id" params={{ id: String(device.id) }}>
              {device.name}
            </Link>
            {device.ip_address && <span className="meta inventory-address">{device.ip_address}</span>}
          </span>
        </span>
      ),
    },
    {
      id: "type",
      ...sortHead(t.column.type, "device_type", sorting),
      cell: (device) => t.type[device.device_type],
    },
  ];
  if (!condensed) {
    columns.push(
      {
        id: "function",
        ...sortHead(t.column.function, "function", sorting),
        cell: (device) => device.deviceFunction ?? "–",
      },
      {
        id: "made",
        ...sortHead(t.column.made, "vendor_name", sorting),
        cell: ({ vendor_name, model_name }) => [vendor_name, model_name].filter(Boolean).join(" ") || "–",
      },
      {
        id: "place",
        ...sortHead(t.column.place, "location_name", sorting),
        cell: (device) => device.location_name ?? "–",
      },
    );
  }
  columns.push({
    id: "monitoring",
    ...sortHead(t.column.monitoring, "monitoring_enabled", sorting),
    cell: (device) => (
      <Badge tone={device.monitoring_enabled ? (device.monitors.length > 0 ? "ok" : "warn") : undefined}>
        {device.monitoring_enabled ? t.monitoredBy(device.monitors.length) : t.off}
      </Badge>
    ),
  });
  if (onSelect) {
    columns.push({
      id: "actions",
      label: t.column.actions,
      hideLabel: true,
      cell: (device) => (
        <Menu
          label={t.actionsFor(device.name)}
          items={() => [
            { id: "edit", label: t.edit, icon: Pencil, run: () => onEdit({ mode: "edit", device }) },
            { id: "clone", label: t.clone, icon: Copy, run: () => onEdit({ mode: "clone", device }) },
            "-",
            { id: "remove", label: t.remove, icon: Trash2, danger: true, run: () => onRemove(device) },
          ]}
          trigger={(button) => <IconButton {...button} icon={Ellipsis} label={t.actionsFor(device.name)} />}
        />
      ),
    });
  }
  return <Table caption={t.title} columns={columns} rows={rows} rowKey={(device) => device.id} />;
}
