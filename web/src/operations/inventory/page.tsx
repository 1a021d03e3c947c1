import { useInfiniteQuery, usePrefetchInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import {
  Button,
  EmptyState,
  ErrorState,
  FileUp,
  LinkButton,
  Page,
  PageHeader,
  Plus,
  Search as SearchIcon,
  Server,
  Skeleton,
  Trash2,
} from "@/kernel/kit";
import { lazyDialog } from "@/kernel/router/lazy";
import { useActions } from "@/kernel/shell/actions";
import { useRemove } from "./act";
import { searchQuery, statsQuery } from "./api";
import { DeviceTable } from "./device-table";
import type { Edited } from "./device-values";
import { FilterBar } from "./filter-bar";
import { clean, filterCount } from "./filters";
import { useInventoryLive } from "./live";
import { useMayWrite } from "./may";
import { MoreMenu } from "./more-menu";
import { MOST_SELECTED, type Selected, SelectionBar } from "./selection";
import { inventoryText } from "./text";
import type { Search } from "./types";
import "./inventory.css";

const DeviceDialog = lazyDialog(() => import("./device-dialog"));
const SHAPE = "balu-inventory-rows";

export function InventoryPage() {
  const t = useText(inventoryText);
  const search = useSearch({ from: "/app/server/inventory" });
  const navigate = useNavigate();
  const mayWrite = useMayWrite();
  // The rows are asked for before all that is beside them.
  usePrefetchInfiniteQuery(searchQuery(search));
  const stats = useQuery(statsQuery);
  const found = useInfiniteQuery(searchQuery(search));
  const [edited, setEdited] = useState<Edited | null>(null);
  const [selected, setSelected] = useState<Selected>(new Set());
  const [condensed, setCondensed] = useState(() => localStorage.getItem(SHAPE) === "condensed");
  const remove = useRemove();
  useInventoryLive();
  useActions(
    mayWrite ? [{ id: "add-device", label: t.add, icon: Plus, run: () => setEdited({ mode: "add" }) }] : [],
  );

  const look = (change: Search, typed = false) =>
    void navigate({ to: "/server/inventory", search: clean({ ...search, ...change }), replace: typed });
  const reshape = () => {
    localStorage.setItem(SHAPE, condensed ? "full" : "condensed");
    setCondensed(!condensed);
  };
  const rows = found.data?.pages.flatMap((page) => page.results) ?? [];
  const count = found.data?.pages[0]?.count ?? 0;
  const narrowed = filterCount(search) > 0 || search.q !== undefined;

  return (
    <Page wide>
      <PageHeader
        title={t.title}
        lead={stats.data && t.lead(stats.data.total_devices, stats.data.enabled_devices)}
        actions={
          <>
            {mayWrite && (
              <LinkButton to="/server/inventory/discover" search={{}} icon={SearchIcon}>
                {t.discover}
              </LinkButton>
            )}
            {mayWrite && (
              <Button variant="primary" icon={Plus} onClick={() => setEdited({ mode: "add" })}>
                {t.add}
              </Button>
            )}
            <MoreMenu search={search} condensed={condensed} onReshape={reshape} mayWrite={mayWrite} />
          </>
        }
      />
      <FilterBar search={search} clears={rows.length > 0} onChange={look} />
      <SelectionBar rows={rows.map(({ id }) => id)} selected={selected} onSelect={setSelected}>
        {(chosen) => (
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
        )}
      </SelectionBar>
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
                <>
                  <Button variant="primary" icon={Plus} onClick={() => setEdited({ mode: "add" })}>
                    {t.add}
                  </Button>
                  <LinkButton to="/server/inventory/import" icon={FileUp}>
                    {t.importFile}
                  </LinkButton>
                  <LinkButton to="/server/inventory/discover" search={{}} icon={SearchIcon}>
                    {t.discover}
                  </LinkButton>
                </>
              )
            )
          }
        >
          {narrowed ? t.noMatchHint : t.emptyHint}
        </EmptyState>
      )}
      {rows.length > 0 && (
        <DeviceTable
          rows={rows}
          condensed={condensed}
          selected={selected}
          onSelect={mayWrite ? setSelected : undefined}
          onEdit={setEdited}
          onRemove={(device) => void remove([device.id])}
          sorting={{ search, onChange: look }}
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
