// Deleting with Undo, and how failures are told, for every page of the inventory.
import { isProblem } from "@/kernel/api/problem";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { toast } from "@/kernel/kit";
import { removeDevices, restoreDevices } from "./api";
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

export function useRemove(): (ids: number[]) => Promise<boolean> {
  const t = useText(inventoryText);
  const attempt = useAttempt();
  return (ids) =>
    attempt(async () => {
      const { deleted, failed_ids } = await removeDevices(ids);
      const gone = ids.filter((id) => !failed_ids.includes(id));
      const undo = () => attempt(async () => toast(t.restored((await restoreDevices(gone)).restored)));
      toast({ text: t.removed(deleted), undo });
    });
}
