// The vaults part of the API.
import { call, client } from "@/kernel/api/client";
import type { Delete, Get, Post } from "@/kernel/api/shape";
import { watchJobs } from "@/kernel/live/jobs";

export interface Vault {
  id: number;
  name: string;
  /** Of its folder; null while that is in the trash. */
  path: string | null;
  status: "locked" | "unlocked";
  locks_at: string | null;
  /** Whether some files may still have a former lock. */
  rotating: boolean;
}

export interface NewVault extends Vault {
  /** Shown once and kept nowhere. */
  recovery_kit: string;
}

type ById = { path: { vault_id: number } };

interface Paths {
  "/api/vaults": Get<Vault[]> & Post<NewVault, { name: string; parent_path: string; passphrase: string }>;
  "/api/vaults/{vault_id}": Delete<unknown, undefined, ById>;
  "/api/vaults/{vault_id}/unlock": Post<Vault, { passphrase: string }, ById>;
  "/api/vaults/{vault_id}/lock": Post<Vault, undefined, ById>;
  "/api/vaults/{vault_id}/rotate": Post<{ job_id: number }, undefined, ById>;
}

const api = client<Paths>();

export const vaultsKey = ["vaults"] as const;
const SUFFIX = ".vault";

export function listVaults(signal?: AbortSignal): Promise<Vault[]> {
  return call(api.GET("/api/vaults", { signal }));
}

export function createVault(name: string, folder: string, passphrase: string): Promise<NewVault> {
  return call(api.POST("/api/vaults", { body: { name, parent_path: folder, passphrase } }));
}

export function unlockVault(id: number, passphrase: string): Promise<Vault> {
  return call(
    api.POST("/api/vaults/{vault_id}/unlock", { params: { path: { vault_id: id } }, body: { passphrase } }),
  );
}

export function lockVault(id: number): Promise<Vault> {
  return call(api.POST("/api/vaults/{vault_id}/lock", { params: { path: { vault_id: id } } }));
}

/** New files get a new lock at once, the others in a job; one that was interrupted goes on. */
export async function rotateVault(id: number): Promise<void> {
  await call(api.POST("/api/vaults/{vault_id}/rotate", { params: { path: { vault_id: id } } }));
  watchJobs();
}

/** Whether a path can lie in a vault at all; only then is the server asked. */
export function mayBeVault(path: string): boolean {
  return path.split("/").some(isVaultName);
}

/** Whether a folder of this name is a vault itself. */
export function isVaultName(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** The vault a path lies in. */
export function vaultOf(vaults: readonly Vault[] | undefined, path: string): Vault | undefined {
  return vaults?.find(
    (vault) => vault.path !== null && (path === vault.path || path.startsWith(`${vault.path}/`)),
  );
}
