// Turns what was dropped, picked or pasted into files with paths, without losing any of it.

export interface Picked {
  file: File;
  /** Path below the target folder, with folders: "Trip/day 1/a.jpg". */
  path: string;
}

export interface Collected {
  files: Picked[];
  /** Every folder seen, parents first, so that empty ones exist too. */
  folders: string[];
  /** Entries the browser could not read: links, devices, files without permission. */
  unreadable: { path: string; reason: string }[];
  /** What was dropped, to be read again after a reload; only Chromium on secure pages tells. */
  roots?: Promise<(FileSystemHandle | null)[]>;
}

interface WithHandle {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

const empty = (): Collected => ({ files: [], folders: [], unreadable: [] });

/**
 * Reads a drop. Must be called inside the event handler: the list of items is emptied as soon as
 * the handler gives up control, so every entry is taken before the first await.
 */
export function collectDrop(transfer: DataTransfer): Promise<Collected> {
  const taken: (FileSystemEntry | File)[] = [];
  const roots: Promise<FileSystemHandle | null>[] = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const handle = (item as WithHandle).getAsFileSystemHandle?.();
    if (handle) roots.push(handle.catch(() => null));
    const entry = item.webkitGetAsEntry?.() ?? item.getAsFile();
    if (entry) taken.push(entry);
  }
  return walkAll(taken).then((found) => ({ ...found, roots: Promise.all(roots) }));
}

/** Files from `<input type="file">`, also with `webkitdirectory`, where names carry folders. */
export function collectInput(list: Iterable<File>): Collected {
  const found = empty();
  const folders = new Set<string>();
  for (const file of list) {
    const path = file.webkitRelativePath || file.name;
    for (let cut = path.indexOf("/"); cut > 0; cut = path.indexOf("/", cut + 1))
      folders.add(path.slice(0, cut));
    found.files.push({ file, path });
  }
  found.folders.push(...folders);
  return found;
}

export interface PasteNames {
  /** Name of a pasted picture without one, for instance "Screenshot 2026-11-21 09.41.png". */
  screenshot: (when: Date) => string;
}

export type Pasted = { kind: "files"; found: Promise<Collected> } | { kind: "text"; text: string } | null;

/** Reads a paste: files and pictures as files, else its text; null when it holds neither. */
export function collectPaste(transfer: DataTransfer, names: PasteNames, now = new Date()): Pasted {
  const items = [...transfer.items];
  const files = items.filter((item) => item.kind === "file");
  if (files.length > 0) {
    const taken = files.flatMap((item) => {
      const file = item.getAsFile();
      // Pictures from the clipboard are all called image.png.
      const nameless = file?.type === "image/png" && /^image\.png$/i.test(file.name);
      if (file && nameless)
        return [new File([file], names.screenshot(now), { type: file.type, lastModified: +now })];
      return item.webkitGetAsEntry?.() ?? file ?? [];
    });
    return { kind: "files", found: walkAll(taken) };
  }
  const text = transfer.getData("text/plain");
  return text.trim() ? { kind: "text", text } : null;
}

async function walkAll(taken: readonly (FileSystemEntry | File)[]): Promise<Collected> {
  const found = empty();
  for (const entry of taken) {
    if (entry instanceof File) found.files.push({ file: entry, path: entry.name });
    else await walk(entry, entry.name, found);
  }
  return found;
}

async function walk(entry: FileSystemEntry, path: string, found: Collected): Promise<void> {
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
      found.files.push({ file, path });
    } else {
      found.folders.push(path);
      for (const child of await children(entry as FileSystemDirectoryEntry)) {
        await walk(child, `${path}/${child.name}`, found);
      }
    }
  } catch (error) {
    // The browser's own DOMException says why; one bad entry must not end the others.
    found.unreadable.push({ path, reason: error instanceof Error ? error.message : String(error) });
  }
}

/** All children: `readEntries` hands out at most a hundred at a time and an empty list at the end. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}
