// Deleting with Undo, and how failures are told, for every page of the inventory.
import { isProblem } from "@/kernel/api/problem";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { toast } from "@/kernel/kit";
import { removeDevices } from "./api";
import { restoreDevices } from "./deleted-api";
import { refusalText } from "./faults";
import { inventoryText } from "./text";

/** Runs something the server may refuse; true when it did not. */
export function useAttempt(): (act: () => Promise<unknown>) => Promise<boolean> {
  const { problem } = useText(kernelText);
  return async (act) => {
    try {
      await act();
      return true;
    } catch (error) {
      if (!isProblem(error)) throw error;
      toast({ text: refusalText(error, problem), tone: "bad" });
      return false;
    }
  };
}

/** Takes deletes back; true when it was tried. Those that could not come back are told with the reason. */
export function useRestore(): (ids: number[]) => Promise<boolean> {
  const t = useText(inventoryText);
  const attempt = useAttempt();
  return (ids) =>
    attempt(async () => {
      const { restored, failed_ids, taken_ids } = await restoreDevices(ids);
      const gone = failed_ids.length - taken_ids.length;
      if (restored > 0) toast({ text: t.restored(restored), tone: "ok" });
      if (taken_ids.length > 0) toast({ text: t.deleted.nameTaken(taken_ids.length), tone: "bad" });
      if (gone > 0) toast({ text: t.deleted.gone(gone), tone: "bad" });
    });
}

export function useRemove(): (ids: number[]) => Promise<boolean> {
  const t = useText(inventoryText);
  const attempt = useAttempt();
  const restore = useRestore();
  return (ids) =>
    attempt(async () => {
      const { deleted, failed_ids } = await removeDevices(ids);
      const gone = ids.filter((id) => !failed_ids.includes(id));
      toast({ text: t.removed(deleted), undo: () => restore(gone) });
    });
}
