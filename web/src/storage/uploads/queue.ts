// The upload queue: three requests at a time, each file can be paused, resumed, cancelled and tried again.
import { joinPath, nameOf, parentOf } from "../files/names";
import type { Collected, Picked } from "./collect";
import { type ConflictChoice, choiceToPolicy, type Drop, dropOf } from "./drop";
import type { Job } from "./job";
import { Keeper, type Owner } from "./keeper";
import { randomKey } from "./key";
import { meter } from "./meter";
import { isSame, matched } from "./source";
import { type Existing, type Sent, type Task, TransferError, type Transport } from "./transport";
import { type QueueView, type UploadState, viewOf } from "./view";

const AT_ONCE = 3;
const TOGETHER_MOST = 200;
const TOGETHER_BYTES = 4 * 1024 * 1024;
const REDRAW_MS = 100;
/** Dates this close are the same file: some drives keep even seconds only. */
const SAME_MS = 2000;

export type Landed = (folders: ReadonlySet<string>) => void;

export class UploadQueue {
  #jobs = new Map<string, Job>();
  #running = 0;
  #next = 0;
  #all = meter();
  #view: QueueView = viewOf([], this.#all);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listeners = new Set<() => void>();
  #landed = new Set<string>();
  #onLanded: Landed | undefined;
  #keeper = new Keeper();
  #user: number | undefined;
  /** No answer came: nothing new is begun until somebody tries again. */
  #offline = false;

  constructor(
    readonly transport: Transport,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** Called with the folders that got something new, at most ten times a second. */
  set onLanded(tell: Landed) {
    this.#onLanded = tell;
  }

  /**
   * From here on uploads outlive the page, and those of tabs that are gone come back, paused. What somebody else
   * left in this tab stays written down, for when they sign in again.
   */
  async remember(owner: Owner): Promise<void> {
    if (this.#user !== undefined && this.#user !== owner.user) this.#jobs.clear();
    this.#user = owner.user;
    for (const { drop, below, job } of await this.#keeper.adopt(owner, this.transport)) {
      Object.assign(this.#put(drop, "file", below, null), job);
    }
    this.#changed();
  }

  /** Whoever signs in next must not send what is here. */
  leave(): void {
    this.pauseAll();
    this.#keeper.leave();
  }

  subscribe = (tell: () => void): (() => void) => {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  };

  snapshot = (): QueueView => this.#view;

  /** Queues everything found for the folder `target`; files start at once. */
  add(found: Collected, target: string): void {
    const files = this.#supply(found.files);
    const drop = dropOf(
      this.transport,
      randomKey(),
      target,
      files.map((one) => one.path),
    );
    const withFiles = new Set(files.map((one) => parentOf(one.path)));
    const needed = [...found.folders].filter((path) => ![...withFiles].some((other) => isIn(other, path)));
    for (const path of needed) this.#put(drop, "folder", path, null);
    const jobs = files.map(({ path, file }) => this.#put(drop, "file", path, file));
    for (const { path, reason } of found.unreadable) {
      const job = this.#put(drop, "file", path, null);
      Object.assign(job, { state: "failed", problem: { code: "unreadable", detail: reason } });
    }
    void this.#keeper.keep(drop, jobs, found.roots);
    this.#offline = false;
    this.#pump();
  }

  /** Gives entries that a reload emptied their files back; the rest of `found` is not queued. */
  supply(found: Collected): void {
    this.#supply(found.files);
    this.#pump();
  }

  /** Goes on with what a reload stopped and the browser can still read; call it from a click. */
  async resumeLost(): Promise<void> {
    for (const job of [...this.#jobs.values()]) {
      if (!job.lost || !job.findable || job.state !== "paused") continue;
      const file = await job.findable();
      if (file && isSame(job, file)) this.#found(job, file);
      else job.findable = undefined;
    }
    this.#pump();
  }

  pause(id: string): void {
    const job = this.#jobs.get(id);
    if (job?.state !== "waiting" && job?.state !== "sending") return;
    job.state = "paused";
    job.stop?.abort();
    this.#changed();
  }

  /** Also tries a failed file again. */
  resume(id: string): void {
    const job = this.#jobs.get(id);
    if (!job || (job.state !== "paused" && job.state !== "failed")) return;
    if (job.kind === "file" && !job.file) return;
    if (!job.resumption) job.sent = 0;
    job.problem = undefined;
    job.state = "waiting";
    job.meter.restart(job.sent, this.now());
    this.#offline = false;
    this.#pump();
  }

  cancel(id: string): void {
    const job = this.#jobs.get(id);
    if (!job || job.state === "done" || job.state === "skipped") return;
    job.state = "cancelled";
    job.stop?.abort();
    this.#discard(job);
    this.#keeper.ended(job);
    this.#offline = false;
    this.#pump();
  }

  pauseAll(): void {
    for (const job of this.#jobs.values()) this.pause(job.id);
  }

  resumeAll(): void {
    for (const job of this.#jobs.values()) if (job.state === "paused") this.resume(job.id);
  }

  cancelAll(): void {
    for (const job of this.#jobs.values()) this.cancel(job.id);
  }

  /** Tries all failed files again, or only those that failed with `code`. */
  retry(code?: string): void {
    for (const job of this.#jobs.values()) {
      if (job.state === "failed" && (!code || job.problem?.code === code)) this.resume(job.id);
    }
  }

  /** Takes finished, skipped, cancelled and failed entries off the list; of one folder, if it is named. */
  clear(folder?: string): void {
    const over: ReadonlySet<UploadState> = new Set(["done", "skipped", "cancelled", "failed"]);
    for (const job of [...this.#jobs.values()]) {
      if (!over.has(job.state) || !isBelow(job.path, folder)) continue;
      this.#jobs.delete(job.id);
      this.#keeper.ended(job);
      if (job.state === "failed") this.#discard(job);
    }
    this.#offline = false;
    this.#pump();
  }

  /** Answers a name conflict; `all` also answers every other one of the same drop, now and later. */
  resolve(id: string, choice: ConflictChoice, all: boolean): void {
    const asked = this.#jobs.get(id);
    if (!asked) return;
    if (all) asked.drop.answer = choice;
    for (const job of this.#jobs.values()) {
      const meant = job.id === id || (all && job.drop === asked.drop);
      if (meant && job.state === "conflict") this.#apply(job, choice);
    }
    this.#pump();
  }

  #put(drop: Drop, kind: Job["kind"], below: string, file: File | null): Job {
    this.#next += 1;
    const id = `u${this.#next}`;
    const job: Job = {
      id,
      key: randomKey(),
      drop,
      kind,
      path: joinPath(drop.target, below),
      below,
      file,
      size: file?.size ?? 0,
      modified: file?.lastModified ?? 0,
      lost: false,
      state: "waiting",
      sent: 0,
      meter: meter(),
      onConflict: "fail",
    };
    this.#jobs.set(id, job);
    return job;
  }

  #supply(files: readonly Picked[]): Picked[] {
    const lost = [...this.#jobs.values()].filter((job) => job.lost && job.state === "paused");
    if (lost.length === 0) return [...files];
    const [found, strange] = matched(lost, files);
    for (const [job, file] of found) this.#found(job, file);
    return strange;
  }

  #found(job: Job, file: File): void {
    job.file = file;
    job.lost = false;
    job.state = "waiting";
  }

  #pump(): void {
    if (this.#running === 0) this.#all.restart(this.#bytesSent(), this.now());
    let group: Job[] = [];
    let bytes = 0;
    const flush = () => {
      if (group.length > 0) this.#start(group);
      group = [];
      bytes = 0;
    };
    for (const job of this.#jobs.values()) {
      if (this.#running >= AT_ONCE || this.#offline) break;
      // A paused file is sent again only after its aborted request has ended.
      if (job.state !== "waiting" || job.stop) continue;
      if (!this.#isSmall(job)) {
        this.#start([job]);
        continue;
      }
      const full = group.length >= TOGETHER_MOST || bytes + job.size > TOGETHER_BYTES;
      if (full || (group[0] && group[0].drop !== job.drop)) flush();
      if (this.#running >= AT_ONCE) break;
      group.push(job);
      bytes += job.size;
    }
    if (this.#running < AT_ONCE && !this.#offline) flush();
    this.#changed();
  }

  #isSmall(job: Job): boolean {
    return job.kind === "file" && job.size <= this.transport.small && !job.resumption;
  }

  #start(jobs: Job[]): void {
    const stop = new AbortController();
    this.#running += 1;
    for (const job of jobs) Object.assign(job, { stop, state: "sending" });
    void this.#run(jobs, stop.signal).finally(() => {
      this.#running -= 1;
      for (const job of jobs) {
        job.stop = undefined;
        // Its request was stopped for another file of the group.
        if (job.state === "sending") job.state = "waiting";
      }
      this.#pump();
    });
  }

  async #run(jobs: Job[], signal: AbortSignal): Promise<void> {
    const [first] = jobs;
    try {
      if (first?.kind === "folder") {
        await first.drop.ensure(first.path);
        this.#land(first, first.path);
        return;
      }
      for (const job of jobs) await this.#ask(job, signal);
      const ready = jobs.filter((job) => job.state === "sending" && job.file);
      if (ready.length === 0 || signal.aborted) return;
      if (first && !this.#isSmall(first)) await this.#sendOne(first, signal);
      else await this.#sendMany(ready, signal);
    } catch (error) {
      for (const job of jobs) await this.#fail(job, error);
    }
  }

  /** Settles a taken name before any byte is sent. */
  async #ask(job: Job, signal: AbortSignal): Promise<void> {
    if (job.onConflict !== "fail" || job.resumption || signal.aborted) return;
    const taken = await job.drop.taken(job.path);
    if (taken && !signal.aborted) this.#conflict(job, taken);
  }

  async #sendOne(job: Job, signal: AbortSignal): Promise<void> {
    job.meter.restart(job.sent, this.now());
    const sent = await this.transport.send(
      this.#task(job),
      {
        progress: (bytes) => this.#progress(job, bytes),
        started: (resumption) => {
          if (job.resumption?.url === resumption.url) return;
          job.resumption = resumption;
          this.#keeper.began(job);
        },
      },
      signal,
    );
    this.#sent(job, sent);
  }

  async #sendMany(jobs: Job[], signal: AbortSignal): Promise<void> {
    for (const job of jobs) job.meter.restart(0, this.now());
    const progress = (bytes: number) => {
      let left = bytes;
      for (const job of jobs) {
        this.#progress(job, Math.min(left, job.size));
        left = Math.max(0, left - job.size);
      }
    };
    const tasks = jobs.map((job) => this.#task(job));
    const outcomes = await this.transport.sendMany(tasks, progress, signal);
    for (const [at, job] of jobs.entries()) {
      const outcome = outcomes[at];
      if (!outcome) continue;
      if (outcome instanceof TransferError) await this.#fail(job, outcome);
      else this.#sent(job, outcome);
    }
  }

  #task(job: Job): Task {
    const { id, file, path, onConflict, resumption } = job;
    if (!file) throw new TransferError("unreadable", "");
    return { id, file, path, onConflict, resumption };
  }

  #sent(job: Job, { path, verified }: Sent): void {
    job.verified = verified;
    job.sent = job.size;
    job.resumption = undefined;
    this.#land(job, path);
  }

  async #fail(job: Job, error: unknown): Promise<void> {
    job.tried = true;
    if (error instanceof DOMException && error.name === "AbortError") return;
    const known = error instanceof TransferError ? error : new TransferError("internal", String(error));
    if (job.state !== "sending") return;
    if (known.code === "file-exists" && job.kind === "file" && job.onConflict === "fail") {
      this.#discard(job);
      this.#conflict(job, await this.#present(job));
      if (job.state === "sending") job.state = "waiting";
      return;
    }
    if (known.code === "file-changed") job.resumption = undefined;
    if (known.code === "offline") this.#offline = true;
    job.state = "failed";
    job.problem = { code: known.code, detail: known.message, requestId: known.requestId };
  }

  async #present(job: Job): Promise<Existing | undefined> {
    try {
      return (await this.transport.existing(parentOf(job.path), [nameOf(job.path)]))[0];
    } catch (error) {
      // The question is asked all the same, without the other side's size and date.
      if (error instanceof TransferError) return undefined;
      throw error;
    }
  }

  #conflict(job: Job, existing: Existing | undefined): void {
    job.existing = existing;
    job.sent = 0;
    if (job.tried && existing && isAlready(job, existing)) {
      // An earlier request arrived, and only its answer was lost.
      this.#sent(job, { path: job.path, verified: false });
    } else if (job.drop.answer) this.#apply(job, job.drop.answer);
    else job.state = "conflict";
  }

  #apply(job: Job, choice: ConflictChoice): void {
    const policy = choiceToPolicy(choice, job.modified, job.existing);
    if (policy === "skip") {
      job.state = "skipped";
      this.#keeper.ended(job);
      return;
    }
    job.onConflict = policy;
    if (job.state === "conflict") job.state = "waiting";
  }

  #progress(job: Job, sent: number): void {
    if (job.state !== "sending") return;
    job.sent = Math.min(sent, job.size);
    job.meter.update(job.sent, this.now());
    this.#changed();
  }

  #land(job: Job, path: string): void {
    job.state = "done";
    if (path !== job.path) job.savedAs = nameOf(path);
    this.#keeper.ended(job);
    this.#landed.add(parentOf(path));
    this.#landed.add(job.drop.target);
  }

  #discard(job: Job): void {
    if (job.resumption) void this.transport.discard(job.resumption);
    job.resumption = undefined;
  }

  #bytesSent(): number {
    let sum = 0;
    for (const job of this.#jobs.values()) sum += job.sent;
    return sum;
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#all.update(this.#bytesSent(), this.now());
      this.#view = viewOf([...this.#jobs.values()], this.#all);
      this.#keeper.flush();
      if (this.#landed.size > 0) {
        const folders = this.#landed;
        this.#landed = new Set();
        this.#onLanded?.(folders);
      }
      for (const tell of this.#listeners) tell();
    }, REDRAW_MS);
  }
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function isAlready(job: Job, { size, modified }: Existing): boolean {
  return size === job.size && Math.abs(modified - job.modified) < SAME_MS;
}

function isBelow(path: string, folder: string | undefined): boolean {
  return folder === undefined || path.startsWith(`${folder}/`);
}
