import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useText } from "@/kernel/i18n/area";
import { Button, Notice, toast } from "@/kernel/kit";
import { listsKey } from "../files/cache";
import { uploads } from "../uploads/store";
import { listVaults, lockVault, mayBeVault, vaultOf, vaultsKey } from "./api";
import { vaultsText } from "./text";

const LOOK_MS = 20_000;

/** Above the list of a folder in an open vault: until when, and a button that locks it. */
export function VaultBar({ path }: { path: string }) {
  const t = useText(vaultsText);
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: vaultsKey,
    queryFn: ({ signal }) => listVaults(signal),
    enabled: mayBeVault(path),
    refetchInterval: LOOK_MS,
  });
  const vault = mayBeVault(path) ? vaultOf(data, path) : undefined;
  const isOpen = vault?.status === "unlocked";
  const wasOpen = useRef(isOpen);
  // The server locks by itself; nothing of the vault may stay on the page then.
  useEffect(() => {
    if (wasOpen.current && !isOpen && vault) {
      void client.resetQueries({ queryKey: listsKey });
      if (vault.path !== null) uploads.clear(vault.path);
    }
    wasOpen.current = isOpen;
  }, [isOpen, vault, client]);
  if (!vault?.locks_at || !isOpen) return null;
  const time = new Date(vault.locks_at).toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
  });
  const lock = async () => {
    await lockVault(vault.id);
    toast({ text: t.lockedNow(vault.name) });
    await client.invalidateQueries({ queryKey: vaultsKey });
  };
  return (
    <Notice action={<Button onClick={() => void lock()}>{t.lock}</Button>}>{t.open(vault.name, time)}</Notice>
  );
}
