// Between the queue and what outlives the page.
import { nameOf } from "../files/names";
import type { Collected } from "./collect";
import { type Drop, dropOf } from "./drop";
import type { Job } from "./job";
import type { Kept, Memory } from "./memory";
import { fromRoots } from "./source";
import type { Transport } from "./transport";

const KEEP_BLOB = 5 * 1024 * 1024;
const KEEP_BLOBS = 100 * 1024 * 1024;
const KEEP_MOST = 100;

export interface Owner {
  user: number;
  tab: string;
  memory: Memory;
}

export interface Restored {
  drop: Drop;
  below: string;
  job: Partial<Job>;
}

type ToKeep = [drop: Drop, jobs: readonly Job[], roots: Collected["roots"]];

export class Keeper {
  #owner: Owner | undefined;
  /** What was dropped before it was known whose it is. */
  #early: ToKeep[] = [];
  #over = new Set<string>();

  /** Uploads of tabs that are gone, as paused entries without a file. */
  async adopt(owner: Owner, transport: Transport): Promise<Restored[]> {
    const { list, sources } = await owner.memory.adopt(owner.user);
    this.#owner = owner;
    for (const one of this.#early.splice(0)) void this.keep(...one);
    const drops = new Map<string, Drop>();
    return list.map((kept) => {
      const { drop: key, target, blob, size, modified, onConflict, resumption } = kept;
      const below = belowOf(kept);
      let drop = drops.get(key);
      if (!drop) {
        const all = list.filter((one) => one.drop === key).map(belowOf);
        drop = dropOf(transport, key, target, all);
        drops.set(key, drop);
      }
      const roots = sources.get(key);
      let findable: Job["findable"];
      if (blob) findable = async () => new File([blob], nameOf(below), { lastModified: modified });
      else if (roots?.length) findable = () => fromRoots(roots, below);
      const was = { key: kept.key, size, modified, onConflict, resumption, findable };
      return { drop, below, job: { ...was, lost: true, tried: true, state: "paused" } };
    });
  }

  leave(): void {
    this.#owner = undefined;
  }

  async keep(...[drop, jobs, roots]: ToKeep): Promise<void> {
    if (jobs.length === 0) return;
    if (!this.#owner) {
      this.#early.push([drop, jobs, roots]);
      return;
    }
    const { memory, tab, user } = this.#owner;
    const handles = ((await roots) ?? []).filter((one) => one !== null);
    const bytes = jobs.reduce((sum, job) => sum + job.size, 0);
    const placeless = handles.length === 0 && jobs.length <= KEEP_MOST && bytes <= KEEP_BLOBS;
    const list = jobs.flatMap(
      ({ key, path, size, modified, onConflict, resumption, file, state }): Kept[] => {
        if (!file || state === "done" || state === "cancelled") return [];
        const known = { key, tab, user, drop: drop.key, target: drop.target, path, size, modified };
        const blob = placeless && size <= KEEP_BLOB ? file : undefined;
        return [{ ...known, onConflict, resumption, blob }];
      },
    );
    await memory.keep(list, handles.length > 0 ? { drop: drop.key, roots: handles } : undefined);
    // What ended or began while it was being written down.
    for (const job of jobs) {
      if (job.state === "done" || job.state === "cancelled") this.#over.add(job.key);
      else if (job.resumption) this.began(job);
    }
    this.flush();
  }

  began({ key, resumption, onConflict }: Job): void {
    void this.#owner?.memory.change(key, { resumption, onConflict });
  }

  ended({ key }: Job): void {
    this.#over.add(key);
  }

  /** Forgets what has ended; called now and then, so that thousands of small files are one write. */
  flush(): void {
    if (!this.#owner || this.#over.size === 0) return;
    void this.#owner.memory.forget([...this.#over]);
    this.#over = new Set();
  }
}

function belowOf({ path, target }: Kept): string {
  return target ? path.slice(target.length + 1) : path;
}
