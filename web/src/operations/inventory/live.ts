import { useQueryClient } from "@tanstack/react-query";
import { useLive } from "@/kernel/live/socket";
import { key } from "./api";

/** What another browser, an import or a scan changes is seen within a second. */
export function useInventoryLive(): void {
  const client = useQueryClient();
  useLive("inventory", () => void client.invalidateQueries({ queryKey: key }));
}
