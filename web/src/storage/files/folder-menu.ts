import {
  CircleQuestionMark,
  ClipboardPaste,
  Copy,
  FolderPlus,
  Lock,
  type MenuItem,
  Pencil,
} from "@/kernel/kit";
import { copyText } from "./bring";
import type { Catalog } from "./en";
import { uploadItems } from "./toolbar";

interface FolderMenu {
  t: Catalog;
  path: string;
  canWrite: boolean;
  /** How many cut or copied items wait to be pasted. */
  pending: number;
  upload(kind: "files" | "folder"): void;
  newFolder(): void;
  newVault(): void;
  paste(): void;
  editPath(): void;
  help(): void;
}

/** What can be done with the folder that is shown. */
export function folderItems(menu: FolderMenu): MenuItem[] {
  const { t, path, canWrite, pending } = menu;
  const changing: MenuItem[] = [
    ...uploadItems(t, menu.upload),
    { id: "new", label: t.newFolder, icon: FolderPlus, shortcut: "Ctrl+Shift+N", run: menu.newFolder },
    { id: "vault", label: t.newVault, icon: Lock, run: menu.newVault },
    ...(pending > 0
      ? [
          {
            id: "paste",
            label: t.action.paste(pending),
            icon: ClipboardPaste,
            shortcut: "Ctrl+V",
            run: menu.paste,
          },
        ]
      : []),
    "-",
  ];
  return [
    ...(canWrite ? changing : []),
    { id: "edit", label: t.editPath, icon: Pencil, run: menu.editPath },
    { id: "copy-path", label: t.copyPath, icon: Copy, run: () => void copyText(`/${path}`, t.copyPath) },
    "-",
    { id: "keys", label: t.action.keys, icon: CircleQuestionMark, shortcut: "?", run: menu.help },
  ];
}
