import {
  infiniteQueryOptions,
  useInfiniteQuery,
  usePrefetchInfiniteQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { useFormat } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import {
  Button,
  confirm,
  EmptyState,
  ErrorState,
  Page,
  PageHeader,
  Search,
  Skeleton,
  Trash2,
  toast,
} from "@/kernel/kit";
import { remove } from "../files/api";
import { joinPath, parentOf } from "../files/names";
import { refresh } from "../files/ops";
import { emptyTrash, listTrash, purge, type Restore, restore, type TrashItem, trashKey } from "./api";
import { RestoreDialog } from "./restore";
import { TrashTable } from "./table";
import { trashText } from "./text";
import "./trash.css";

const trashQuery = infiniteQueryOptions({
  queryKey: trashKey,
  queryFn: ({ pageParam, signal }) => listTrash(pageParam, signal),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next ?? undefined,
});

export function TrashPage() {
  const t = useText(trashText);
  const problems: Record<string, string> = useText(kernelText).problem;
  const format = useFormat();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [filter, setFilter] = useState("");
  const [clash, setClash] = useState<TrashItem | null>(null);
  usePrefetchInfiniteQuery(trashQuery);
  const query = useInfiniteQuery(trashQuery);
  const all = (query.data?.pages.flatMap((page) => page.items) ?? []).map((item) => ({
    ...item,
    name: item.name || t.inVault(item.vault ?? ""),
  }));
  const own = query.data?.pages[0]?.own_total ?? 0;
  const wanted = filter.trim().toLocaleLowerCase();
  const items = wanted
    ? all.filter((item) => (item.original_path || item.name).toLocaleLowerCase().includes(wanted))
    : all;

  async function attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!isProblem(error)) throw error;
      toast({ text: problemText(error, problems), tone: "bad" });
    }
    await client.invalidateQueries({ queryKey: trashKey });
  }

  const putBack = (item: TrashItem, how: Restore = {}) =>
    attempt(async () => {
      let place: string;
      try {
        place = (await restore(item.id, how)).file.path;
      } catch (error) {
        if (!isProblem(error, "file-exists", "conflict")) throw error;
        setClash(item);
        return;
      }
      setClash(null);
      const folder = parentOf(place);
      await refresh(client, folder);
      const back = () =>
        attempt(async () => {
          await remove(place);
          await refresh(client, folder);
        });
      toast({
        text: t.restored(item.name),
        undo: back,
        action: { label: t.show, run: () => navigate({ to: "/files/$", params: { _splat: folder } }) },
      });
    });

  async function destroy(item: TrashItem): Promise<void> {
    const ask = t.purgeAsk;
    const question = {
      title: ask.title(item.name),
      body: ask.body(format.bytes(item.size)),
      action: ask.action,
    };
    if (!(await confirm({ ...question, danger: true }))) return;
    await attempt(async () => {
      await purge(item.id);
      toast(t.purged(item.name));
    });
  }

  async function destroyAll(): Promise<void> {
    const size = format.bytes(query.data?.pages[0]?.own_size ?? 0);
    const { title, body, action } = t.emptyAsk;
    if (!(await confirm({ title, body: body(own, size), action: action(own), danger: true }))) return;
    await attempt(async () => {
      await emptyTrash();
      toast(t.emptied);
    });
  }

  return (
    <Page wide>
      <PageHeader
        title={t.title}
        lead={t.lead}
        actions={
          own > 0 && (
            <Button icon={Trash2} onClick={() => void destroyAll()}>
              {t.empty}
            </Button>
          )
        }
      />
      {query.isPending && <Skeleton lines={6} />}
      {query.error && !query.data && <ErrorState error={query.error} retry={query.refetch} />}
      {query.data && all.length === 0 && (
        <EmptyState icon={Trash2} title={t.none.title}>
          {t.none.body}
        </EmptyState>
      )}
      {all.length > 0 && (
        <input
          type="search"
          className="input trash-filter"
          aria-label={t.filter}
          placeholder={t.filter}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      {all.length > 0 && items.length === 0 && (
        <EmptyState
          icon={Search}
          title={t.noMatch.title}
          action={<Button onClick={() => setFilter("")}>{t.clearFilter}</Button>}
        >
          {t.noMatch.body(filter)}
        </EmptyState>
      )}
      {items.length > 0 && (
        <TrashTable
          items={items}
          onRestore={(item) => void putBack(item)}
          onPurge={(item) => void destroy(item)}
        />
      )}
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t.more}
        </Button>
      )}
      {clash && (
        <RestoreDialog
          item={clash}
          onClose={() => setClash(null)}
          onRename={() => void putBack(clash, { on_conflict: "rename" })}
          onElsewhere={(folder) => void putBack(clash, { target_path: joinPath(folder, clash.name) })}
        />
      )}
    </Page>
  );
}
