// The table of a catalogue, whatever it holds.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useText } from "@/kernel/i18n/area";
import {
  type Column,
  Ellipsis,
  EmptyState,
  ErrorState,
  IconButton,
  List,
  Menu,
  type MenuItem,
  Skeleton,
  Table,
} from "@/kernel/kit";
import { inventoryText } from "./text";
import type { Search } from "./types";

interface EntriesProps<T> {
  query: { data?: T[]; isPending: boolean; error: unknown; refetch: () => unknown };
  columns: Column<T>[];
  caption: string;
  /** How entries come to be. */
  hint?: string;
  items?: (entry: T) => MenuItem[];
}

export function Entries<T extends { id: number; name: string }>({
  query,
  columns,
  caption,
  hint,
  items,
}: EntriesProps<T>) {
  const t = useText(inventoryText);
  if (query.isPending) return <Skeleton lines={6} />;
  if (!query.data) return <ErrorState error={query.error} retry={query.refetch} />;
  if (query.data.length === 0) {
    return (
      <EmptyState icon={List} title={t.catalogue.none}>
        {hint ?? t.catalogue.noneHint}
      </EmptyState>
    );
  }
  const all: Column<T>[] = [...columns];
  if (items) {
    all.push({
      id: "actions",
      label: t.column.actions,
      hideLabel: true,
      cell: (entry) => (
        <Menu
          label={t.actionsFor(entry.name)}
          items={() => items(entry)}
          trigger={(button) => <IconButton {...button} icon={Ellipsis} label={t.actionsFor(entry.name)} />}
        />
      ),
    });
  }
  return <Table caption={caption} columns={all} rows={query.data} rowKey={({ id }) => id} />;
}

export function Used({ count, search }: { count: number; search: Search }): ReactNode {
  const t = useText(inventoryText).catalogue;
  if (count === 0) return t.devices(0);
  return (
    <Link className="inventory-link" to="/server/inventory" search={search}>
      {t.devices(count)}
    </Link>
  );
}
