// Keeps the lists true while somebody else changes the files: another tab, person, program or the disk.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLive } from "@/kernel/live/socket";
import type { Listing } from "./api";
import { listsKey } from "./cache";
import { refresh } from "./ops";
import { isUndisturbed } from "./undisturbed";

/** Changes come in swarms: the first waits this long for others, the next until the lists have rested. */
const GATHER_MS = 100;
const REST_MS = 300;

/** A part of the shell that shows nothing. */
export default function FollowFiles() {
  const client = useQueryClient();
  const [hear] = useState(() => follower(client));
  useLive("files", hear);
  return null;
}

function follower(client: QueryClient): (data: unknown) => void {
  /** Folders to look at again; all of them after a break. */
  let changed = new Set<number>();
  let all = false;
  let running = false;

  const renew = async () => {
    running = true;
    await pause(GATHER_MS);
    while (changed.size > 0 || all) {
      if (isUndisturbed()) {
        await pause(GATHER_MS);
        continue;
      }
      const [folders, every] = [changed, all];
      changed = new Set();
      all = false;
      const begin = performance.now();
      await refresh(client, ...shownFolders(client, (id) => every || folders.has(id)));
      await pause(REST_MS + performance.now() - begin);
    }
    running = false;
  };

  return (data) => {
    const folder = (data as { folder?: unknown } | undefined)?.folder;
    if (typeof folder === "number") changed.add(folder);
    else all = true;
    if (!running) void renew();
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Paths of the folders whose lists are in the cache and whose number fits. */
function shownFolders(client: QueryClient, fits: (id: number) => boolean): string[] {
  const paths = client
    .getQueriesData<Listing>({ queryKey: listsKey })
    .filter(([, list]) => list?.folder_id !== undefined && fits(list.folder_id))
    .map(([key]) => String(key[listsKey.length]));
  return [...new Set(paths)];
}
