import { useState } from "react";
import { useText } from "@/kernel/i18n/area";
import { Button, Dialog, Input } from "@/kernel/kit";
import type { TrashItem } from "./api";
import { trashText } from "./text";

interface RestoreProps {
  item: TrashItem;
  onClose(): void;
  onRename(): void;
  onElsewhere(folder: string): void;
}

/** The old place is taken: keep both, or restore somewhere else. */
export function RestoreDialog({ item, onClose, onRename, onElsewhere }: RestoreProps) {
  const t = useText(trashText).conflict;
  const [folder, setFolder] = useState("");
  return (
    <Dialog
      open
      title={t.title(item.name)}
      onClose={onClose}
      onSubmit={() => onElsewhere(folder.split("/").filter(Boolean).join("/"))}
      footer={
        <>
          <Button type="submit">{t.here}</Button>
          <Button variant="primary" onClick={onRename} data-autofocus>
            {t.rename}
          </Button>
        </>
      }
    >
      <p>{t.body}</p>
      <Input
        label={t.elsewhere}
        help={t.elsewhereHelp}
        value={folder}
        autoComplete="off"
        onChange={(event) => setFolder(event.target.value)}
      />
    </Dialog>
  );
}
