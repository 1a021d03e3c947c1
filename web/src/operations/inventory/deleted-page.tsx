// Deleted devices: who deleted what and when, and the way back for as long as they are kept.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import {
  Button,
  EmptyState,
  ErrorState,
  IconButton,
  Page,
  PageHeader,
  RotateCcw,
  Search as SearchIcon,
  Skeleton,
  Table,
  Time,
  Trash2,
  toast,
} from "@/kernel/kit";
import { useAttempt, useRestore } from "./act";
import { Back } from "./back";
import { type DeletedDevice, deletedQuery, restoreAs } from "./deleted-api";
import { useInventoryLive } from "./live";
import { useMayWrite } from "./may";
import NameDialog from "./name-dialog";
import { SearchField } from "./search-field";
import { MOST_SELECTED, type Selected, SelectionBar, Tick } from "./selection";
import { inventoryText } from "./text";
import "./inventory.css";

export function DeletedPage() {
  const t = useText(inventoryText);
  const d = t.deleted;
  const { q } = useSearch({ from: "/app/server/inventory/deleted" });
  const navigate = useNavigate();
  const look = (words?: string) =>
    void navigate({ to: "/server/inventory/deleted", search: { q: words }, replace: true });
  const found = useInfiniteQuery(deletedQuery(q));
  const [selected, setSelected] = useState<Selected>(new Set());
  const [renamed, setRenamed] = useState<DeletedDevice | null>(null);
  const mayWrite = useMayWrite();
  const attempt = useAttempt();
  const restore = useRestore();
  useInventoryLive();

  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  const first = found.data?.pages[0];
  const putBackAs = (device: DeletedDevice) => async (name: string) => {
    const back = await attempt(() => restoreAs(device.id, name));
    if (back) toast({ text: t.restored(1), tone: "ok" });
    return back;
  };
  return (
    <Page wide>
      <Back />
      <PageHeader title={d.title} lead={first && d.lead(first.retention_days)} />
      {(q !== undefined || rows.length > 0) && (
        <search className="inventory-narrow" aria-label={t.filter.all}>
          <SearchField words={q} onChange={look} />
        </search>
      )}
      <SelectionBar rows={rows.map(({ id }) => id)} selected={selected} onSelect={setSelected}>
        {(chosen) => (
          <Button
            icon={RotateCcw}
            variant="primary"
            disabled={chosen.length > MOST_SELECTED}
            onClick={async () => {
              if (await restore(chosen)) setSelected(new Set());
            }}
          >
            {d.restore}
          </Button>
        )}
      </SelectionBar>
      {found.isPending && <Skeleton lines={6} />}
      {found.isError && !found.data && <ErrorState error={found.error} retry={found.refetch} />}
      {found.data && rows.length === 0 && q === undefined && (
        <EmptyState icon={Trash2} title={d.none}>
          {d.noneHint}
        </EmptyState>
      )}
      {found.data && rows.length === 0 && q !== undefined && (
        <EmptyState
          icon={SearchIcon}
          title={d.noMatch}
          action={<Button onClick={() => look()}>{d.clear}</Button>}
        >
          {d.noMatchHint(q)}
        </EmptyState>
      )}
      {rows.length > 0 && (
        <DeletedTable
          rows={rows}
          selected={selected}
          onSelect={mayWrite ? setSelected : undefined}
          onRestore={(device) =>
            device.name_taken_by === null ? void restore([device.id]) : setRenamed(device)
          }
        />
      )}
      {found.hasNextPage && (
        <p className="inventory-more">
          <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            {t.more}
          </Button>
          <span className="meta">{t.shown(rows.length, first?.total ?? rows.length)}</span>
        </p>
      )}
      {renamed && (
        <NameDialog
          title={d.restoreAs(renamed.name)}
          label={d.newName}
          initial={renamed.name}
          act={d.restore}
          save={putBackAs(renamed)}
          onClose={() => setRenamed(null)}
        />
      )}
    </Page>
  );
}

interface TableProps {
  rows: readonly DeletedDevice[];
  selected: Selected;
  /** Missing for those who may only look. */
  onSelect?: (selected: Selected) => void;
  onRestore(device: DeletedDevice): void;
}

function DeletedTable({ rows, selected, onSelect, onRestore }: TableProps) {
  const t = useText(inventoryText);
  const d = t.deleted;
  const format = useFormat();
  return (
    <Table
      caption={d.title}
      rows={rows}
      rowKey={({ id }) => id}
      columns={[
        {
          id: "name",
          label: t.column.name,
          isName: true,
          cell: (device) => (
            <span className="inventory-name">
              {onSelect && <Tick {...device} selected={selected} onSelect={onSelect} />}
              <span>
                {device.name}
                {device.ip_address && <span className="meta inventory-address">{device.ip_address}</span>}
                {device.name_taken_by !== null && (
                  <Link
                    className="inventory-link inventory-address"
                    to="/server/inventory/$id"
                    params={{ id: String(device.name_taken_by) }}
                  >
                    {d.taken}
                  </Link>
                )}
              </span>
            </span>
          ),
        },
        { id: "type", label: t.column.type, cell: (device) => t.type[device.device_type] },
        {
          id: "deleted",
          label: d.deleted,
          cell: ({ deleted_at, deleted_by }) => (
            <>
              <Time value={deleted_at} exact={format.exact(deleted_at)}>
                {format.when(deleted_at)}
              </Time>{" "}
              {deleted_by && t.device.by(deleted_by)}
            </>
          ),
        },
        {
          id: "expires",
          label: d.keptUntil,
          cell: ({ expires_at }) => (
            <Time value={expires_at} exact={format.exact(expires_at)}>
              {format.day(expires_at)}
            </Time>
          ),
        },
        ...(onSelect
          ? [
              {
                id: "actions",
                label: t.column.actions,
                hideLabel: true,
                align: "end" as const,
                cell: (device: DeletedDevice) => (
                  <IconButton
                    icon={RotateCcw}
                    label={(device.name_taken_by === null ? d.restoreOne : d.restoreAs)(device.name)}
                    onClick={() => onRestore(device)}
                  />
                ),
              },
            ]
          : []),
      ]}
    />
  );
}
