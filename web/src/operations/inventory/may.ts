import { useUser } from "@/kernel/session/session";

const WRITERS: ReadonlySet<string> = new Set(["operator", "admin", "superadmin"]);

/** Whether the signed-in person may change the inventory; everybody may look at it. */
export function useMayWrite(): boolean {
  return WRITERS.has(useUser().grade);
}
