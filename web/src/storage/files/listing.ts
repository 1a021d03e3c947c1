// The rows of a folder by index, loaded page by page as they come into view.
import { keepPreviousData, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { isProblem } from "@/kernel/api/problem";
import { useUser } from "@/kernel/session/session";
import { type FileItem, listFolder } from "./api";
import { listKey, PAGE_ROWS, pageKey, rowAt } from "./cache";
import type { View } from "./view";

const KEEP_MS = 600_000;
const PARALLEL = 3;
/** How often a disk that is away is looked for. */
const AWAY_MS = 5_000;

export interface FolderRows {
  total: number;
  canWrite: boolean;
  /** Undefined while the page of that row is on its way. */
  at(row: number): FileItem | undefined;
  /** Loads what is missing between two rows, both included. */
  between(from: number, to: number): Promise<FileItem[]>;
  loading: boolean;
  error: unknown;
  reload(): Promise<void>;
}

function pageQuery(view: View, page: number) {
  return {
    queryKey: pageKey(view, page),
    queryFn: ({ signal }: { signal: AbortSignal }) => listFolder(view, page * PAGE_ROWS, PAGE_ROWS, signal),
    gcTime: KEEP_MS,
    staleTime: 15_000,
    // Nobody tells when the disk is back.
    refetchInterval: (query: { state: { error: unknown } }) =>
      isProblem(query.state.error, "volume-offline") ? AWAY_MS : (false as const),
  };
}

/** Total and first error of a folder; `shown` asks for the rows in view. */
export function useListing(view: View): FolderRows {
  const client = useQueryClient();
  const mayWrite = useUser().grade !== "viewer";
  const first = useQuery({
    ...pageQuery(view, 0),
    // Sorting again keeps the length of the list, so that it does not flicker.
    placeholderData: (old, query) => (query?.queryKey[2] === view.path ? keepPreviousData(old) : undefined),
  });

  // A folder that is gone or locked shows and takes nothing; one that could not be asked about may.
  const closed = isProblem(first.error, "not-found", "file-not-found", "vault-locked", "volume-offline");

  const at = useCallback((row: number) => rowAt(client, view, row), [client, view]);
  const between = useCallback(
    async (from: number, to: number) => {
      const pages: number[] = [];
      for (let page = Math.floor(from / PAGE_ROWS); page <= Math.floor(to / PAGE_ROWS); page += 1)
        pages.push(page);
      const load = async () => {
        for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
          await client.ensureQueryData(pageQuery(view, page));
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, load));
      const rows: FileItem[] = [];
      for (let row = from; row <= to; row += 1) {
        const item = rowAt(client, view, row);
        if (item) rows.push(item);
      }
      return rows;
    },
    [client, view],
  );
  const reload = useCallback(() => client.invalidateQueries({ queryKey: listKey(view) }), [client, view]);

  return {
    total: closed ? 0 : (first.data?.total ?? 0),
    canWrite: mayWrite && !closed && (first.data?.can_write ?? true),
    at,
    between,
    loading: first.isPending,
    error: first.data && !closed ? null : first.error,
    reload,
  };
}

/** Keeps the pages of the rows in view loaded; redraws when one arrives. */
export function usePages(view: View, first: number, end: number, total: number): void {
  const pages: number[] = [];
  if (total > 0) {
    const last = Math.floor((Math.max(first + 1, end) - 1) / PAGE_ROWS);
    for (let page = Math.floor(first / PAGE_ROWS); page <= last; page += 1) pages.push(page);
  }
  useQueries({ queries: pages.map((page) => pageQuery(view, page)) });
}
