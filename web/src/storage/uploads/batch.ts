// What one drop shares: the folders it makes, the names already taken there, one answer to conflicts.
import { joinPath, nameOf, parentOf, trail } from "../files/names";
import type { Collected } from "./collect";
import { type Existing, type OnConflict, TransferError, type Transport } from "./transport";

export type ConflictChoice = "keep" | "replace" | "skip" | "newer";

export interface Batch {
  target: string;
  /** Folders, below the target, that no file would make. */
  emptyFolders: string[];
  /** The answer to every conflict of this batch, once given. */
  answer?: ConflictChoice;
  /** Makes the folder and its parents up to the target, each once. */
  ensure(folder: string): Promise<void>;
  /** Makes the file's folder; resolves with what already has its name. */
  taken(path: string): Promise<Existing | undefined>;
}

export function batchOf(transport: Transport, target: string, found: Collected): Batch {
  const names = new Map<string, string[]>();
  for (const { path } of found.files) {
    const folder = joinPath(target, parentOf(path));
    const list = names.get(folder);
    if (list) list.push(nameOf(path));
    else names.set(folder, [nameOf(path)]);
  }
  const madeByFiles = new Set([...names.keys()].flatMap(trail));
  const made = new Map<string, Promise<"made" | "there">>();
  const probes = new Map<string, Promise<Map<string, Existing>>>();

  const ensure = (folder: string): Promise<"made" | "there"> => {
    if (folder === target || folder === "") return Promise.resolve("there");
    return once(made, folder, async () => {
      await ensure(parentOf(folder));
      return transport.folder(folder);
    });
  };
  const probe = (folder: string) =>
    once(probes, folder, async () => {
      // A folder made a moment ago holds nothing to collide with.
      const list =
        (await ensure(folder)) === "made" ? [] : await known(transport, folder, names.get(folder) ?? []);
      return new Map(list.map((one) => [one.name, one]));
    });

  return {
    target,
    emptyFolders: found.folders.filter((path) => !madeByFiles.has(joinPath(target, path))),
    ensure: async (folder) => void (await ensure(folder)),
    taken: async (path) => (await probe(parentOf(path))).get(nameOf(path)),
  };
}

/** What the upload is to do about its conflict; unknown dates count as older. */
export function choiceToPolicy(
  choice: ConflictChoice,
  modified: number,
  existing: Existing | undefined,
): Exclude<OnConflict, "fail"> | "skip" {
  if (choice === "keep") return "rename";
  if (choice === "newer") return modified > (existing?.modified ?? 0) ? "replace" : "skip";
  return choice;
}

async function known(transport: Transport, folder: string, names: string[]): Promise<Existing[]> {
  try {
    return await transport.existing(folder, names);
  } catch (error) {
    // The upload itself says it better when the folder is gone.
    if (error instanceof TransferError && error.code === "not-found") return [];
    throw error;
  }
}

/** Runs `make` once per key; a failure is forgotten so that a retry tries again. */
function once<T>(memo: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let pending = memo.get(key);
  if (!pending) {
    pending = make();
    pending.catch(() => memo.delete(key));
    memo.set(key, pending);
  }
  return pending;
}
