// Getting a file back after a reload: from its handle, its kept content, or the person.
import type { Picked } from "./collect";
import type { Job } from "./job";

interface Permitted {
  requestPermission(options: { mode: "read" }): Promise<PermissionState>;
}

/** The file behind a handle of its drop; null when it moved or may not be read. Ask inside a click. */
export async function fromRoots(roots: readonly FileSystemHandle[], below: string): Promise<File | null> {
  const [first, ...names] = below.split("/");
  const root = roots.find((one) => one.name === first);
  if (!root) return null;
  try {
    if ((await (root as unknown as Permitted).requestPermission({ mode: "read" })) !== "granted") return null;
    let folder = root as FileSystemDirectoryHandle;
    const last = names.pop();
    for (const name of names) folder = await folder.getDirectoryHandle(name);
    const handle = last ? await folder.getFileHandle(last) : (root as FileSystemFileHandle);
    return await handle.getFile();
  } catch (error) {
    // Moved, renamed, or a drive that is not there any more: the person can pick it again.
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** Whether this is the file that was being sent. */
export function isSame(job: Pick<Job, "size" | "modified">, file: File): boolean {
  return job.size === file.size && job.modified === file.lastModified;
}

/** Which waiting entry each picked file belongs to, by path, size and date; and what belongs to none. */
export function matched(lost: readonly Job[], files: readonly Picked[]): [Map<Job, File>, Picked[]] {
  const byName = new Map<string, Job[]>();
  for (const job of lost) {
    const name = job.below.slice(job.below.lastIndexOf("/") + 1);
    byName.set(name, [...(byName.get(name) ?? []), job]);
  }
  const found = new Map<Job, File>();
  const strange = files.filter(({ file, path }) => {
    const alike = (byName.get(file.name) ?? []).filter((job) => !found.has(job) && isSame(job, file));
    const job = alike.find((one) => tailOf(one.below, path)) ?? (alike.length === 1 ? alike[0] : undefined);
    if (job) found.set(job, file);
    return !job;
  });
  return [found, strange];
}

function tailOf(below: string, path: string): boolean {
  return below === path || below.endsWith(`/${path}`) || path.endsWith(`/${below}`);
}
