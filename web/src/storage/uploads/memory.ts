// What must outlive the page: uploads under way, in IndexedDB, each owned by the tab that runs it.
import { randomKey } from "./key";
import type { OnConflict, Resumption } from "./transport";

export interface Kept {
  key: string;
  /** The tab that sends it; whoever loads the page next takes over from a tab that is gone. */
  tab: string;
  user: number;
  drop: string;
  target: string;
  path: string;
  size: number;
  /** ms since 1970. */
  modified: number;
  onConflict: OnConflict;
  resumption?: Resumption;
  /** The content itself, for what has no place on the device: screenshots, pasted text. */
  blob?: Blob;
}

/** What a drop came from, where the browser may hand it out again: Chromium on a secure page. */
export interface Source {
  drop: string;
  roots: FileSystemHandle[];
}

export interface Memory {
  keep(list: readonly Kept[], source?: Source): Promise<void>;
  change(key: string, change: Partial<Kept>): Promise<void>;
  forget(keys: readonly string[]): Promise<void>;
  /** Uploads of `user` that no living tab sends; they are this tab's now. */
  adopt(user: number): Promise<{ list: Kept[]; sources: Map<string, FileSystemHandle[]> }>;
}

const NAME = "balu-uploads";
const ANSWER_MS = 400;

export class BrowserMemory implements Memory {
  readonly tab = randomKey();
  #channel = new BroadcastChannel(NAME);
  #open: Promise<IDBDatabase> | undefined;
  #alive = new Set<string>();

  constructor() {
    this.#channel.onmessage = ({ data }: MessageEvent<{ ask?: string; alive?: string }>) => {
      if (data.ask === this.tab) this.#channel.postMessage({ alive: this.tab });
      if (data.alive) this.#alive.add(data.alive);
    };
  }

  /** Whoever asks from here on takes this tab for gone. */
  close(): void {
    this.#channel.close();
  }

  keep(list: readonly Kept[], source?: Source): Promise<void> {
    return this.#write((uploads, sources) => {
      for (const one of list) uploads.put(one);
      if (source) sources.put(source);
    });
  }

  change(key: string, change: Partial<Kept>): Promise<void> {
    return this.#write((uploads) => {
      const found = uploads.get(key);
      found.onsuccess = () => found.result && uploads.put({ ...found.result, ...change });
    });
  }

  forget(keys: readonly string[]): Promise<void> {
    return this.#write((uploads, sources) => {
      for (const key of keys) uploads.delete(key);
      const left = uploads.count();
      left.onsuccess = () => left.result === 0 && sources.clear();
    });
  }

  async adopt(user: number): Promise<{ list: Kept[]; sources: Map<string, FileSystemHandle[]> }> {
    const all = await this.#all();
    const others = new Set(all.map((one) => one.tab));
    others.delete(this.tab);
    if (others.size === 0) return { list: [], sources: new Map() };
    for (const ask of others) this.#channel.postMessage({ ask });
    await new Promise((done) => setTimeout(done, ANSWER_MS));
    const gone = new Set([...others].filter((tab) => !this.#alive.has(tab)));
    const list: Kept[] = [];
    const sources = new Map<string, FileSystemHandle[]>();
    await this.#write((uploads, kept) => {
      // Read again inside the transaction: another new tab may have been faster.
      const now = uploads.getAll();
      now.onsuccess = () => {
        for (const one of now.result as Kept[]) {
          if (one.user !== user || !gone.has(one.tab)) continue;
          const mine = { ...one, tab: this.tab };
          list.push(mine);
          uploads.put(mine);
        }
      };
      const roots = kept.getAll();
      roots.onsuccess = () => {
        for (const one of roots.result as Source[]) sources.set(one.drop, one.roots);
      };
    });
    return { list, sources };
  }

  async #all(): Promise<Kept[]> {
    const store = (await this.#database()).transaction("uploads").objectStore("uploads").getAll();
    return new Promise((done, fail) => {
      store.onsuccess = () => done(store.result);
      store.onerror = () => fail(store.error);
    });
  }

  async #write(change: (uploads: IDBObjectStore, sources: IDBObjectStore) => void): Promise<void> {
    const step = (await this.#database()).transaction(["uploads", "sources"], "readwrite");
    change(step.objectStore("uploads"), step.objectStore("sources"));
    return new Promise((done, fail) => {
      step.oncomplete = () => done();
      step.onabort = () => fail(step.error);
    });
  }

  #database(): Promise<IDBDatabase> {
    this.#open ??= new Promise((done, fail) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("uploads", { keyPath: "key" });
        request.result.createObjectStore("sources", { keyPath: "drop" });
      };
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
    return this.#open;
  }
}
