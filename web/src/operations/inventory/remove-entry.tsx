// Forgetting an entry of a catalogue; what is in use stays and says who uses it.
import { type ReactNode, useState } from "react";
import { isProblem } from "@/kernel/api/problem";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, Dialog, LinkButton, toast } from "@/kernel/kit";
import { useAttempt } from "./act";
import { removeEntry } from "./catalogue-api";
import type { Entry } from "./entry-dialog";
import type { Kind } from "./filters";
import { inventoryText } from "./text";
import type { Search } from "./types";

interface Refused {
  kind: Kind;
  entry: Entry;
  detail: string;
  merge(): void;
}

const FILTER = { vendors: "vendor_id", models: "model_id", locations: "location_id" } as const;

export function useRemoveEntry(): {
  remove(kind: Kind, entry: Entry, merge: () => void): void;
  refused: ReactNode;
} {
  const t = useText(inventoryText).catalogue;
  const words = useText(kernelText);
  const attempt = useAttempt();
  const [held, setHeld] = useState<Refused | null>(null);

  const remove = (kind: Kind, entry: Entry, merge: () => void) =>
    void attempt(async () => {
      try {
        await removeEntry(kind, entry.id);
        toast({ text: t.removed(entry.name), tone: "ok" });
      } catch (error) {
        if (!isProblem(error, "inventory-in-use")) throw error;
        setHeld({ kind, entry, detail: error.detail, merge });
      }
    });
  if (!held) return { remove, refused: null };

  const { kind, entry } = held;
  const devices = "tree_device_count" in entry ? entry.tree_device_count : entry.device_count;
  const models = "model_count" in entry ? entry.model_count : 0;
  const users = [devices > 0 && t.devices(devices), models > 0 && t.models(models)].filter(Boolean);
  const search: Search = { [FILTER[kind]]: entry.id };
  const refused = (
    <Dialog
      open
      title={t.inUse(entry.name)}
      onClose={() => setHeld(null)}
      footer={
        <>
          <Button onClick={() => setHeld(null)}>{words.kit.cancel}</Button>
          {devices > 0 && (
            <LinkButton to="/server/inventory" search={search}>
              {t.showDevices}
            </LinkButton>
          )}
          <Button
            variant="primary"
            onClick={() => {
              setHeld(null);
              held.merge();
            }}
          >
            {t.merge}
          </Button>
        </>
      }
    >
      <p>{users.length > 0 ? t.inUseBy(users.join(", ")) : held.detail}</p>
    </Dialog>
  );
  return { remove, refused };
}
