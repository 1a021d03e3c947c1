// What one drop shares: the names already taken where it goes, and one answer to conflicts.
import { joinPath, nameOf, parentOf } from "../files/names";
import { type Existing, type OnConflict, TransferError, type Transport } from "./transport";

export type ConflictChoice = "keep" | "replace" | "skip" | "newer";

export interface Drop {
  key: string;
  target: string;
  /** The answer to every conflict of this drop, once given. */
  answer?: ConflictChoice;
  /** Makes the folder and its parents up to the target, each once. */
  ensure(folder: string): Promise<void>;
  /** What already has this path. Asks the server once for each folder that was there before. */
  taken(path: string): Promise<Existing | undefined>;
}

/** A drop of `files` (paths below `target`), whose folders the server makes with them. */
export function dropOf(transport: Transport, key: string, target: string, files: readonly string[]): Drop {
  const wanted = new Map<string, Set<string>>();
  for (const file of files) {
    for (let path = joinPath(target, file); path !== target && path !== ""; path = parentOf(path)) {
      const names = wanted.get(parentOf(path));
      if (names?.has(nameOf(path))) break;
      if (names) names.add(nameOf(path));
      else wanted.set(parentOf(path), new Set([nameOf(path)]));
    }
  }
  const made = new Map<string, Promise<void>>();
  const looks = new Map<string, Promise<Map<string, Existing>>>();

  const ensure = (folder: string): Promise<void> => {
    if (folder === target || folder === "") return Promise.resolve();
    return once(made, folder, async () => {
      await ensure(parentOf(folder));
      await transport.folder(folder);
    });
  };
  const look = (folder: string): Promise<Map<string, Existing>> =>
    once(looks, folder, async () => {
      // In a folder that is not there yet, nothing is taken.
      if (folder !== target && !(await look(parentOf(folder))).has(nameOf(folder))) return new Map();
      const list = await known(transport, folder, [...(wanted.get(folder) ?? [])]);
      return new Map(list.map((one) => [one.name, one]));
    });

  return {
    key,
    target,
    ensure,
    taken: async (path) => (await look(parentOf(path))).get(nameOf(path)),
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
