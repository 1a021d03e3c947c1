// Deleting, moving, copying, renaming: seen at once, told in a toast, taken back by Undo.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { isProblem, Problem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { formatBytes } from "@/kernel/i18n/format";
import { kernelText } from "@/kernel/i18n/kernel";
import { confirm, toast, undoComing } from "@/kernel/kit";
import * as trash from "../trash/api";
import * as api from "./api";
import { bulkBody, each, isSmall, runBulk } from "./bulk";
import { dropRows, folderKey, patchRow } from "./cache";
import type { Catalog } from "./en";
import { freeName, isWithin, joinPath, nameOf, parentOf } from "./names";
import { sizeOf, type Target } from "./target";
import { filesText } from "./text";
import { undisturbed } from "./undisturbed";

export const spaceKey = ["quota"] as const;

interface Env {
  client: QueryClient;
  t: Catalog;
  problems: Record<string, string>;
}

/** What changed, so that every list that shows it loads again. */
export async function refresh(client: QueryClient, ...folders: string[]): Promise<void> {
  void client.invalidateQueries({ queryKey: spaceKey });
  void client.invalidateQueries({ queryKey: trash.trashKey });
  await Promise.all(folders.map((path) => client.invalidateQueries({ queryKey: folderKey(path) })));
}

export function useFileOps() {
  const client = useQueryClient();
  const t = useText(filesText);
  const problems: Record<string, string> = useText(kernelText).problem;
  return useMemo(() => {
    const env = { client, t, problems };
    return {
      remove: (target: Target) => guarded(env, target, () => undoable((tell) => remove(env, target, tell))),
      purge: (target: Target) => guarded(env, target, () => purge(env, target)),
      transfer: (target: Target, folder: string, mode: "move" | "copy") =>
        guarded(env, target, () => undoable((tell) => transfer(env, target, folder, mode, tell))),
      rename: (item: api.FileItem, name: string, target: Target) =>
        undisturbed(() => undoable((tell) => rename(env, item, name, target, tell))),
      /** Where to download these as one zip; tells in a toast why there is none. */
      pack: async (paths: string[]): Promise<string | null> => {
        try {
          return await api.archiveUrl(paths);
        } catch (error) {
          if (!isProblem(error)) throw error;
          toast({ text: problemText(error, problems), tone: "bad" });
          return null;
        }
      },
      makeFolder: async (path: string) => {
        await api.makeFolder(path);
        await refresh(client, parentOf(path));
      },
    };
  }, [client, t, problems]);
}

export type FileOps = ReturnType<typeof useFileOps>;

/** Tells that it is done, with the way to take it back. */
type Tell = ReturnType<typeof undoComing>;

async function undoable(act: (tell: Tell) => Promise<void>): Promise<void> {
  const tell = undoComing();
  try {
    await act(tell);
  } finally {
    tell();
  }
}

async function guarded(env: Env, target: Target, act: () => Promise<void>): Promise<void> {
  try {
    await (isSmall(target) ? undisturbed(act) : act());
  } catch (error) {
    if (!isProblem(error)) throw error;
    toast({ text: problemText(error, env.problems), tone: "bad" });
    await refresh(env.client, target.view.path);
  }
}

async function remove(env: Env, target: Target, tell: Tell): Promise<void> {
  const { client, t } = env;
  const { path } = target.view;
  let ids: (number | string)[];
  let count = target.count;
  if (isSmall(target)) {
    dropRows(client, target.view, new Set(target.items.map((item) => item.path)));
    const { done, failed } = await each(target.items, (item) => api.remove(item.path));
    tellFailed(env, failed);
    count = done.length;
    ids = done.flatMap(({ result }) => result.trash_id ?? []);
  } else {
    const end = toast({ text: t.deleting(target.count), seconds: 600 });
    try {
      const result = await runBulk(bulkBody(target, "delete"));
      tellBulkFailed(env, result);
      count = result.done;
      ids = result.trash_ids;
    } finally {
      end();
    }
  }
  await refresh(client, path);
  if (count === 0) return;
  if (ids.length === 0) tell({ text: t.deletedElsewhere(count) });
  else tell({ text: t.deleted(count), undo: () => guarded(env, target, () => putBack(env, ids, path)) });
}

async function putBack(env: Env, ids: readonly (number | string)[], folder: string): Promise<void> {
  const { client, t } = env;
  let count = ids.length;
  if (count > 50) {
    const result = await runBulk({ action: "restore", ids: [...ids] });
    tellBulkFailed(env, result);
    count = result.done;
  } else await Promise.all(ids.map((id) => trash.restore(id)));
  await refresh(client, folder);
  if (count > 0) toast({ text: t.restored(count), tone: "ok" });
}

/** Past the trash: asked for, since nothing brings it back. */
async function purge(env: Env, target: Target): Promise<void> {
  const { client, t } = env;
  const size = sizeOf(target);
  const n = target.count;
  const body = t.purge.body(n, size ? formatBytes(size) : "");
  if (!(await confirm({ title: t.purge.title(n), body, action: t.purge.action(n), danger: true }))) return;
  if (isSmall(target)) {
    dropRows(client, target.view, new Set(target.items.map((item) => item.path)));
    const { done, failed } = await each(target.items, async (item) => {
      const { trash_id } = await api.remove(item.path);
      if (trash_id !== null) await trash.purge(trash_id);
    });
    tellFailed(env, failed);
    if (done.length > 0) toast({ text: t.purge.done(done.length) });
  } else {
    const removed = await runBulk(bulkBody(target, "delete"));
    tellBulkFailed(env, removed);
    const { done } = await runBulk({ action: "purge", ids: removed.trash_ids });
    toast({ text: t.purge.done(done) });
  }
  await refresh(client, target.view.path);
}

async function transfer(
  env: Env,
  target: Target,
  folder: string,
  mode: "move" | "copy",
  tell: Tell,
): Promise<void> {
  const { client, t } = env;
  const from = target.view.path;
  const where = nameOf(folder) || t.myFiles;
  if (mode === "move" && folder === from) return;
  if (target.items.some((item) => item.type === "directory" && isWithin(folder, item.path))) {
    toast({ text: t.move.intoItself, tone: "bad" });
    return;
  }
  if (!isSmall(target)) {
    const result = await runBulk(bulkBody(target, mode, folder));
    await refresh(client, from, folder);
    tellBulkFailed(env, result);
    toast({ text: t.move[mode === "move" ? "moved" : "copied"](result.done, where) });
    return;
  }
  if (mode === "move") dropRows(client, target.view, new Set(target.items.map((item) => item.path)));
  // A copy beside its original gets a name of its own.
  const taken = new Set(folder === from ? target.items.map((item) => item.name) : []);
  const { done, failed } = await each(target.items, async (item) => {
    if (mode === "move") await api.move(item.path, folder);
    else await api.copy(item.path, folder, freeName(item.name, taken));
  });
  await refresh(client, from, folder);
  tellFailed(env, failed);
  if (done.length === 0) return;
  const back = async () => {
    await each(
      done.map(({ item }) => item),
      (item) =>
        mode === "move"
          ? api.move(joinPath(folder, item.name), parentOf(item.path), item.name)
          : api.remove(joinPath(folder, freeName(item.name, taken))),
    );
    await refresh(client, from, folder);
  };
  tell({ text: t.move[mode === "move" ? "moved" : "copied"](done.length, where), undo: back });
}

/** Shown at once and taken back when the server refuses; the caller shows why. */
async function rename(
  { client, t }: Env,
  item: api.FileItem,
  name: string,
  { view }: Target,
  tell: Tell,
): Promise<void> {
  const path = joinPath(parentOf(item.path), name);
  patchRow(client, view, item.path, { name, path });
  try {
    await api.rename(item.path, name);
  } catch (error) {
    patchRow(client, view, path, { name: item.name, path: item.path });
    throw error;
  }
  await refresh(client, view.path);
  const undo = async () => {
    await api.rename(path, item.name);
    await refresh(client, view.path);
  };
  tell({ text: t.rename.done(name), undo });
}

function tellFailed({ t, problems }: Env, failed: { error: unknown }[]): void {
  const [first] = failed;
  if (first) toast({ text: `${t.failed(failed.length)} ${problemText(first.error, problems)}`, tone: "bad" });
}

function tellBulkFailed({ t, problems }: Env, { failed, failures }: api.BulkResult): void {
  const [first] = failures;
  if (!first) return;
  const why = problemText(new Problem(0, first.code, first.detail), problems);
  toast({ text: `${t.failed(failed)} ${why}`, tone: "bad" });
}
