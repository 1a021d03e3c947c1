// Dialogs of the files page: new folder, move to, keyboard shortcuts.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { keyNames } from "@/kernel/i18n/keys";
import {
  Button,
  ChevronRight,
  Dialog,
  ErrorState,
  Folder,
  Input,
  Notice,
  Skeleton,
  Switch,
  useForm,
} from "@/kernel/kit";
import { listFolder } from "./api";
import { folderKey, PAGE_ROWS } from "./cache";
import { isWithin, joinPath, nameFault, nameOf, trail } from "./names";
import type { Target } from "./target";
import { filesText } from "./text";
import { viewFrom } from "./view";

interface NewFolderProps {
  folder: string;
  make(path: string): Promise<void>;
  onClose(made?: string): void;
}

export function NewFolderDialog({ folder, make, onClose }: NewFolderProps) {
  const t = useText(filesText);
  const problems: Record<string, string> = useText(kernelText).problem;
  const form = useForm({
    initial: { name: "" },
    check: ({ name }) => {
      const fault = nameFault(name);
      return fault ? { name: t.rename[fault] } : {};
    },
    send: async ({ name }) => {
      await make(joinPath(folder, name));
      return name;
    },
    done: (name) => onClose(joinPath(folder, name)),
  });
  const { failure } = form;
  const taken = isProblem(failure, "file-exists", "conflict") ? t.rename.taken : undefined;
  return (
    <Dialog
      open
      size="s"
      title={t.newFolder}
      onClose={() => onClose()}
      onSubmit={form.submit}
      footer={
        <Button type="submit" variant="primary" busy={form.busy}>
          {t.create}
        </Button>
      }
    >
      <Input
        label={t.newFolderName}
        autoComplete="off"
        data-autofocus
        {...form.bind("name")}
        error={form.bind("name").error ?? taken}
      />
      {failure !== null && !taken && <Notice tone="bad">{problemText(failure, problems)}</Notice>}
    </Dialog>
  );
}

interface MoveProps {
  target: Target;
  mode: "move" | "copy";
  onChoose(folder: string): void;
  onClose(): void;
}

export function MoveDialog({ target, mode, onChoose, onClose }: MoveProps) {
  const t = useText(filesText);
  const [folder, setFolder] = useState(target.view.path);
  const list = useRef<HTMLDivElement>(null);
  const view = { ...viewFrom(folder, {}), sort: "type" as const };
  const query = useInfiniteQuery({
    queryKey: [...folderKey(folder), "folders"],
    queryFn: ({ pageParam, signal }) => listFolder(view, pageParam, PAGE_ROWS, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => {
      const loaded = all.length * PAGE_ROWS;
      const onlyFolders = last.files.every((item) => item.type === "directory");
      return onlyFolders && loaded < last.total ? loaded : undefined;
    },
  });
  const moving = new Set(mode === "move" ? target.items.map((item) => item.path) : []);
  const folders = (query.data?.pages ?? [])
    .flatMap((page) => page.files)
    .filter((item) => item.type === "directory" && !moving.has(item.path));
  const name = (path: string) => nameOf(path) || t.myFiles;
  const same =
    mode === "move" && (folder === target.view.path || [...moving].some((path) => isWithin(folder, path)));

  // Stepping into a folder replaces the button that was pressed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when another folder is shown.
  useEffect(() => {
    if (!query.isPending) list.current?.querySelector<HTMLElement>("button")?.focus();
  }, [folder, query.isPending]);

  return (
    <Dialog
      open
      title={mode === "move" ? t.move.title(target.count) : t.move.copyTitle(target.count)}
      onClose={onClose}
      footer={
        <Button variant="primary" disabled={same} onClick={() => onChoose(folder)}>
          {mode === "move" ? t.move.here(name(folder)) : t.move.copyHere(name(folder))}
        </Button>
      }
    >
      <div ref={list} className="move-list">
        <nav aria-label={t.path} className="move-crumbs">
          {["", ...trail(folder)].map((path) => (
            <Button
              key={path}
              variant="ghost"
              aria-current={path === folder ? "page" : undefined}
              onClick={() => setFolder(path)}
            >
              {name(path)}
            </Button>
          ))}
        </nav>
        {query.isPending && <Skeleton lines={4} />}
        {query.error && !query.data && <ErrorState error={query.error} retry={query.refetch} />}
        {query.data && folders.length === 0 && <p className="meta">{t.move.noFolders}</p>}
        <ul className="move-folders">
          {folders.map((item) => (
            <li key={item.path}>
              <button type="button" className="move-folder" onClick={() => setFolder(item.path)}>
                <Folder size={20} strokeWidth={1.75} aria-hidden />
                <span className="grow truncate">{item.name}</span>
                <ChevronRight size={18} strokeWidth={1.75} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
        {query.hasNextPage && (
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t.move.loadMore}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

interface HelpProps {
  singleKeys: boolean;
  onSingleKeys(on: boolean): void;
  onClose(): void;
}

export function KeysDialog({ singleKeys, onSingleKeys, onClose }: HelpProps) {
  const t = useText(filesText).keys;
  const rows: [string, string][] = [
    ["↑ ↓ ← →", t.move],
    ["Home End", t.ends],
    ["Page ↑ Page ↓", t.pages],
    ["A … Z", t.type],
    ["Enter", t.open],
    ["Alt+↑", t.up],
    ["Space", t.toggle],
    ["Shift+↑ ↓", t.range],
    ["Ctrl+A", t.all],
    ["F2", t.rename],
    ["Del", t.delete],
    ["Shift+Del", t.purge],
    ["Ctrl+C X V", t.clipboard],
    ["Ctrl+Z", t.undo],
    ["Ctrl+Shift+N", t.folder],
    ["/", t.filter],
    ["Shift+F10", t.menu],
    ["?", t.help],
  ];
  return (
    <Dialog open title={t.title} onClose={onClose}>
      <dl className="key-list">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{keyNames(key)}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Switch
        label={t.letters}
        checked={singleKeys}
        onChange={(event) => onSingleKeys(event.target.checked)}
      />
    </Dialog>
  );
}
