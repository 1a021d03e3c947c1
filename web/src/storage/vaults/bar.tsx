import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { problemText } from "@/kernel/api/problem-text";
import { useText } from "@/kernel/i18n/area";
import { kernelText } from "@/kernel/i18n/kernel";
import { Button, confirm, Notice, toast } from "@/kernel/kit";
import { isActive, useJobs } from "@/kernel/live/jobs";
import { listsKey } from "../files/cache";
import { uploads } from "../uploads/store";
import { listVaults, lockVault, mayBeVault, rotateVault, type Vault, vaultOf, vaultsKey } from "./api";
import { vaultsText } from "./text";

const LOOK_MS = 20_000;

/** Above the list of a folder in an open vault: until when, and a button that locks it. */
export default function VaultBar({ path }: { path: string }) {
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
    <Notice
      action={
        <>
          <NewLock vault={vault} />
          <Button onClick={() => void lock()}>{t.lock}</Button>
        </>
      }
    >
      {t.open(vault.name, time)}
      {vault.rotating && <Rotating />}
    </Notice>
  );
}

/** Asks, then starts it; goes on without a question where it was interrupted. */
function NewLock({ vault }: { vault: Vault }) {
  const t = useText(vaultsText).rotate;
  const problems: Record<string, string> = useText(kernelText).problem;
  const client = useQueryClient();
  const job = useRotation();
  if (job) return null;
  const start = async () => {
    const question = { title: t.title(vault.name), body: t.body, action: t.button };
    if (!vault.rotating && !(await confirm(question))) return;
    try {
      await rotateVault(vault.id);
      toast({ text: t.started });
    } catch (error) {
      toast({ text: problemText(error, problems), tone: "bad" });
    }
    await client.invalidateQueries({ queryKey: vaultsKey });
  };
  return <Button onClick={() => void start()}>{vault.rotating ? t.goOn : t.button}</Button>;
}

function Rotating() {
  const t = useText(vaultsText).rotate;
  const client = useQueryClient();
  const job = useRotation();
  const isRunning = job !== undefined;
  const wasRunning = useRef(isRunning);
  useEffect(() => {
    if (wasRunning.current && !isRunning) void client.invalidateQueries({ queryKey: vaultsKey });
    wasRunning.current = isRunning;
  }, [isRunning, client]);
  return <p>{job ? t.running(job.progress) : t.unfinished}</p>;
}

/** The job that puts new locks on, while there is one. */
function useRotation() {
  return useJobs().data?.find((job) => job.kind === "rotate_vault" && isActive(job));
}
