import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import {
  Badge,
  Button,
  type Column,
  Copy,
  Ellipsis,
  EmptyState,
  ErrorState,
  IconButton,
  Menu,
  Page,
  PageHeader,
  Pencil,
  Plus,
  Rows2,
  Rows3,
  Server,
  Skeleton,
  Table,
  Trash2,
} from "@/kernel/kit";
import { useActions } from "@/kernel/shell/actions";
import { useRemove } from "./act";
import { searchQuery, statsQuery } from "./api";
import { DeviceDialog } from "./device-dialog";
import type { Edited } from "./device-values";
import { FilterBar } from "./filter-bar";
import { clean, filterCount } from "./filters";
import { useInventoryLive } from "./live";
import { useMayWrite } from "./may";
import { inventoryText } from "./text";
import type { Device, Search } from "./types";
import "./inventory.css";

const SHAPE = "balu-inventory-rows";
/** As many as one bulk delete takes. */
const MOST_SELECTED = 100;

export function InventoryPage() {
  const t = useText(inventoryText);
  const search = useSearch({ from: "/app/server/inventory" });
  const navigate = useNavigate();
  const mayWrite = useMayWrite();
  const stats = useQuery(statsQuery);
  const found = useInfiniteQuery(searchQuery(search));
  const [edited, setEdited] = useState<Edited | null>(null);
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const [condensed, setCondensed] = useState(() => localStorage.getItem(SHAPE) === "condensed");
  const remove = useRemove();
  useInventoryLive();
  useActions(
    mayWrite ? [{ id: "add-device", label: t.add, icon: Plus, run: () => setEdited({ mode: "add" }) }] : [],
  );

  const look = (change: Search) =>
    void navigate({ to: "/server/inventory", search: clean({ ...search, ...change }), replace: true });
  const reshape = () => {
    localStorage.setItem(SHAPE, condensed ? "full" : "condensed");
    setCondensed(!condensed);
  };
  const rows = found.data?.pages.flatMap((page) => page.results) ?? [];
  const count = found.data?.pages[0]?.count ?? 0;
  const narrowed = filterCount(search) > 0 || search.q !== undefined;
  const chosen = rows.filter((row) => selected.has(row.id)).map((row) => row.id);

  return (
    <Page wide>
      <PageHeader
        title={t.title}
        lead={stats.data && t.lead(stats.data.total_devices, stats.data.enabled_devices)}
        actions={
          <>
            <IconButton
              icon={condensed ? Rows2 : Rows3}
              label={condensed ? t.shape.full : t.shape.condensed}
              onClick={reshape}
            />
            {mayWrite && (
              <Button variant="primary" icon={Plus} onClick={() => setEdited({ mode: "add" })}>
                {t.add}
              </Button>
            )}
          </>
        }
      />
      <FilterBar search={search} onChange={look} />
      {chosen.length > 0 && (
        <div className="inventory-bulk" role="toolbar" aria-label={t.selected(chosen.length)}>
          <span className="grow">{t.selected(chosen.length)}</span>
          <Button onClick={() => setSelected(new Set())}>{t.clearSelection}</Button>
          <Button
            icon={Trash2}
            variant="danger"
            disabled={chosen.length > MOST_SELECTED}
            onClick={async () => {
              if (await remove(chosen)) setSelected(new Set());
            }}
          >
            {t.remove}
          </Button>
        </div>
      )}
      {found.isPending && <Skeleton lines={8} />}
      {found.isError && !found.data && <ErrorState error={found.error} retry={found.refetch} />}
      {found.data && rows.length === 0 && (
        <EmptyState
          icon={Server}
          title={narrowed ? t.noMatch : t.empty}
          action={
            narrowed ? (
              <Button onClick={() => void navigate({ to: "/server/inventory", search: {} })}>
                {t.filter.clear}
              </Button>
            ) : (
              mayWrite && (
                <Button variant="primary" icon={Plus} onClick={() => setEdited({ mode: "add" })}>
                  {t.add}
                </Button>
              )
            )
          }
        >
          {narrowed ? t.noMatchHint : t.emptyHint}
        </EmptyState>
      )}
      {rows.length > 0 && (
        <Devices
          rows={rows}
          condensed={condensed}
          selected={selected}
          onSelect={mayWrite ? setSelected : undefined}
          onEdit={setEdited}
          onRemove={(device) => void remove([device.id])}
        />
      )}
      {found.hasNextPage && (
        <p className="inventory-more">
          <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            {t.more}
          </Button>
          <span className="meta">{t.shown(rows.length, count)}</span>
        </p>
      )}
      {edited && <DeviceDialog edited={edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

interface DevicesProps {
  rows: Device[];
  condensed: boolean;
  selected: ReadonlySet<number>;
  /** Missing for those who may only look. */
  onSelect?: (selected: ReadonlySet<number>) => void;
  onEdit(edited: Edited): void;
  onRemove(device: Device): void;
}

function Devices({ rows, condensed, selected, onSelect, onEdit, onRemove }: DevicesProps) {
  const t = useText(inventoryText);
  const toggle = (id: number) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect?.(next);
  };
  const columns: Column<Device>[] = [
    {
      id: "name",
      label: t.column.name,
      isName: true,
      cell: (device) => (
        <span className="inventory-name">
          {onSelect && (
            <label className="inventory-tick">
              <input
                type="checkbox"
                aria-label={t.select(device.name)}
                checked={selected.has(device.id)}
                onChange={() => toggle(device.id)}
              />
            </label>
          )}
          <span>
            <Link to="/server/inventory/$id" params={{ id: String(device.id) }}>
              {device.name}
            </Link>
            {device.ip_address && <span className="meta inventory-address">{device.ip_address}</span>}
          </span>
        </span>
      ),
    },
    { id: "type", label: t.column.type, cell: (device) => t.type[device.device_type] },
  ];
  if (!condensed) {
    columns.push(
      { id: "function", label: t.column.function, cell: (device) => device.deviceFunction ?? "–" },
      {
        id: "made",
        label: t.column.made,
        cell: ({ vendor_name, model_name }) => [vendor_name, model_name].filter(Boolean).join(" ") || "–",
      },
      { id: "place", label: t.column.place, cell: (device) => device.location_name ?? "–" },
    );
  }
  columns.push({
    id: "monitoring",
    label: t.column.monitoring,
    cell: (device) => (
      <Badge tone={device.monitoring_enabled ? "ok" : undefined}>
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
