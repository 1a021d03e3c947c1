import { CreateVaultDialog } from "../vaults/create";
import { KeysDialog, MoveDialog, NewFolderDialog } from "./dialogs";
import type { FileOps } from "./ops";
import type { Target } from "./target";

/** Which dialog of the page is open, and what it works on. */
export type DialogKind =
  | { kind: "move" | "copy"; target: Target }
  | { kind: "new" }
  | { kind: "vault" }
  | { kind: "keys" };

interface OpenDialogProps {
  dialog: DialogKind;
  folder: string;
  ops: FileOps;
  singleKeys: boolean;
  onSingleKeys(on: boolean): void;
  onClose(): void;
  /** With the path of a vault that was just made. */
  onVault(path: string): void;
}

export default function OpenDialog({
  dialog,
  folder,
  ops,
  singleKeys,
  onSingleKeys,
  onClose,
  onVault,
}: OpenDialogProps) {
  switch (dialog.kind) {
    case "new":
      return <NewFolderDialog folder={folder} make={ops.makeFolder} onClose={onClose} />;
    case "vault":
      return (
        <CreateVaultDialog
          folder={folder}
          onClose={(made) => {
            onClose();
            if (made !== undefined) onVault(made);
          }}
        />
      );
    case "keys":
      return <KeysDialog singleKeys={singleKeys} onSingleKeys={onSingleKeys} onClose={onClose} />;
    default:
      return (
        <MoveDialog
          target={dialog.target}
          mode={dialog.kind}
          onClose={onClose}
          onChoose={(into) => {
            onClose();
            void ops.transfer(dialog.target, into, dialog.kind);
          }}
        />
      );
  }
}
