// Every act on files, once: the toolbar, the context menu, the keyboard and the phone sheet read this list.
import {
  Copy,
  Download,
  Eye,
  FolderInput,
  FolderOpen,
  type Icon,
  Info,
  type MenuItem,
  Pencil,
  Scissors,
  Trash2,
} from "@/kernel/kit";
import { downloadUrl } from "./api";
import { setClip } from "./clipboard";
import type { Catalog } from "./en";
import type { FileOps } from "./ops";
import type { Target } from "./target";

/** What the page lends to its actions. */
export interface Desk {
  t: Catalog;
  ops: FileOps;
  canWrite: boolean;
  open(target: Target): void;
  showDetails(target: Target): void;
  startRename(target: Target): void;
  askMove(target: Target, mode: "move" | "copy"): void;
  announce(text: string): void;
}

export interface FileAction {
  id: string;
  icon: Icon;
  label(t: Catalog): string;
  /** Key hint, written the same in every language. */
  shortcut?: string;
  /** Begins a new group in menus. */
  line?: boolean;
  danger?: boolean;
  /** Also a button in the toolbar when something is selected. */
  inToolbar?: boolean;
  offered(target: Target, desk: Desk): boolean;
  run(target: Target, desk: Desk): void;
}

const single = (target: Target) => target.complete && target.count === 1;
const changes = (_: Target, desk: Desk) => desk.canWrite;

/** Open, share, move, rename, ... delete last. */
export const FILE_ACTIONS: readonly FileAction[] = [
  {
    id: "open",
    icon: FolderOpen,
    label: (t) => t.action.open,
    shortcut: "Enter",
    offered: (target) => single(target) && target.items[0]?.type === "directory",
    run: (target, desk) => desk.open(target),
  },
  {
    id: "preview",
    icon: Eye,
    label: (t) => t.action.open,
    shortcut: "Enter",
    offered: (target) => single(target) && target.items[0]?.type === "file",
    run: (target, desk) => desk.open(target),
  },
  {
    id: "download",
    icon: Download,
    label: (t) => t.action.download,
    inToolbar: true,
    offered: (target) => packed(target) !== null && target.items.every((item) => !item.is_infected),
    run: (target, desk) => void download(target, desk),
  },
  {
    id: "details",
    icon: Info,
    label: (t) => t.action.details,
    offered: single,
    run: (target, desk) => desk.showDetails(target),
  },
  {
    id: "move",
    icon: FolderInput,
    label: (t) => t.action.moveTo,
    line: true,
    inToolbar: true,
    offered: changes,
    run: (target, desk) => desk.askMove(target, "move"),
  },
  {
    id: "copy-to",
    icon: FolderInput,
    label: (t) => t.action.copyTo,
    offered: () => true,
    run: (target, desk) => desk.askMove(target, "copy"),
  },
  {
    id: "cut",
    icon: Scissors,
    label: (t) => t.action.cut,
    shortcut: "Ctrl+X",
    offered: changes,
    run: (target, desk) => hold(target, desk, "cut"),
  },
  {
    id: "copy",
    icon: Copy,
    label: (t) => t.action.copy,
    shortcut: "Ctrl+C",
    offered: () => true,
    run: (target, desk) => hold(target, desk, "copy"),
  },
  {
    id: "rename",
    icon: Pencil,
    label: (t) => t.action.rename,
    shortcut: "F2",
    line: true,
    offered: (target, desk) => single(target) && changes(target, desk),
    run: (target, desk) => desk.startRename(target),
  },
  {
    id: "delete",
    icon: Trash2,
    label: (t) => t.action.delete,
    shortcut: "Del",
    line: true,
    danger: true,
    inToolbar: true,
    offered: changes,
    run: (target, desk) => void desk.ops.remove(target),
  },
];

export function offeredActions(target: Target, desk: Desk): FileAction[] {
  return target.count === 0 ? [] : FILE_ACTIONS.filter((action) => action.offered(target, desk));
}

export function menuItems(target: Target, desk: Desk): MenuItem[] {
  return offeredActions(target, desk).flatMap((action, index): MenuItem[] => [
    ...(action.line && index > 0 ? (["-"] as const) : []),
    {
      id: action.id,
      label: action.label(desk.t),
      icon: action.icon,
      shortcut: action.shortcut,
      danger: action.danger,
      run: () => action.run(target, desk),
    },
  ]);
}

export function runAction(id: string, target: Target, desk: Desk): boolean {
  const action = offeredActions(target, desk).find((one) => one.id === id);
  action?.run(target, desk);
  return action !== undefined;
}

function hold(target: Target, desk: Desk, mode: "cut" | "copy"): void {
  setClip({ mode, target });
  desk.announce(desk.t.clipboard(target.count));
}

/** The paths to download; null for all of a list but a few, of which not all rows are known. */
function packed(target: Target): string[] | null {
  if (target.complete) return target.items.map((item) => item.path);
  const whole = target.chosen === null && target.except.size === 0 && !target.view.filter;
  return whole ? [target.view.path] : null;
}

/** One file as it is, everything else as one zip. */
async function download(target: Target, desk: Desk): Promise<void> {
  const [only] = target.items;
  const paths = packed(target);
  if (!paths || !only) return;
  const link = document.createElement("a");
  const single = target.complete && target.count === 1 && only.type === "file";
  const href = single ? downloadUrl(only.path) : await desk.ops.pack(paths);
  if (!href) return;
  link.href = href;
  link.download = single ? only.name : "";
  link.click();
}
