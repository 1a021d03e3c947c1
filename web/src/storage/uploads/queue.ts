// The upload queue: three files at a time, each can be paused, resumed, cancelled and tried again.
import { joinPath, nameOf, parentOf } from "../files/names";
import { type Batch, batchOf, type ConflictChoice, choiceToPolicy } from "./batch";
import type { Collected } from "./collect";
import type { Job } from "./job";
import { meter } from "./meter";
import { type Existing, TransferError, type Transport } from "./transport";
import { type QueueView, type UploadState, viewOf } from "./view";

const AT_ONCE = 3;
const REDRAW_MS = 100;

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

  constructor(
    readonly transport: Transport,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** Called with the folders that got something new, at most ten times a second. */
  set onLanded(tell: Landed) {
    this.#onLanded = tell;
  }

  subscribe = (tell: () => void): (() => void) => {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  };

  snapshot = (): QueueView => this.#view;

  /** Queues everything found for the folder `target`; files start at once. */
  add(found: Collected, target: string): void {
    const batch = batchOf(this.transport, target, found);
    for (const path of batch.emptyFolders) this.#put(batch, "folder", joinPath(target, path), null);
    for (const { path, file } of found.files) this.#put(batch, "file", joinPath(target, path), file);
    for (const { path, reason } of found.unreadable) {
      const job = this.#put(batch, "file", joinPath(target, path), null);
      Object.assign(job, { state: "failed", problem: { code: "unreadable", detail: reason } });
    }
    this.#pump();
  }

  pause(id: string): void {
    const job = this.#jobs.get(id);
    if (job?.state !== "waiting" && job?.state !== "sending") return;
    const stop = job.stop;
    job.state = "paused";
    stop?.abort();
    this.#changed();
  }

  /** Also tries a failed file again. */
  resume(id: string): void {
    const job = this.#jobs.get(id);
    if (!job || (job.state !== "paused" && job.state !== "failed")) return;
    if (job.kind === "file" && !job.file) return;
    if (!this.transport.resumes) job.sent = 0;
    job.problem = undefined;
    job.state = "waiting";
    job.meter.restart(job.sent, this.now());
    this.#pump();
  }

  cancel(id: string): void {
    const job = this.#jobs.get(id);
    if (!job || job.state === "done" || job.state === "skipped") return;
    job.state = "cancelled";
    job.stop?.abort();
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

  /** Takes finished, skipped, cancelled and failed entries off the list. */
  clear(): void {
    const over: ReadonlySet<UploadState> = new Set(["done", "skipped", "cancelled", "failed"]);
    for (const job of [...this.#jobs.values()]) if (over.has(job.state)) this.#jobs.delete(job.id);
    this.#changed();
  }

  /** Answers a name conflict; `all` also answers every other one of the same batch, now and later. */
  resolve(id: string, choice: ConflictChoice, all: boolean): void {
    const asked = this.#jobs.get(id);
    if (!asked) return;
    if (all) asked.batch.answer = choice;
    for (const job of this.#jobs.values()) {
      const meant = job.id === id || (all && job.batch === asked.batch);
      if (meant && job.state === "conflict") this.#apply(job, choice);
    }
    this.#pump();
  }

  #put(batch: Batch, kind: Job["kind"], path: string, file: File | null): Job {
    this.#next += 1;
    const id = `u${this.#next}`;
    const job: Job = {
      id,
      batch,
      kind,
      path,
      file,
      state: "waiting",
      sent: 0,
      meter: meter(),
      onConflict: "fail",
    };
    this.#jobs.set(id, job);
    return job;
  }

  #pump(): void {
    if (this.#running === 0) this.#all.restart(this.#bytesSent(), this.now());
    for (const job of this.#jobs.values()) {
      if (this.#running >= AT_ONCE) break;
      // A paused file is sent again only after its aborted request has ended.
      if (job.state !== "waiting" || job.stop) continue;
      this.#running += 1;
      void this.#run(job).finally(() => {
        this.#running -= 1;
        job.stop = undefined;
        this.#pump();
      });
    }
    this.#changed();
  }

  async #run(job: Job): Promise<void> {
    const stop = new AbortController();
    job.stop = stop;
    job.state = "sending";
    try {
      if (job.kind === "folder") {
        await job.batch.ensure(job.path);
        this.#land(job, job.path);
      } else if (job.file) {
        await this.#sendFile(job, job.file, stop.signal);
      }
    } catch (error) {
      this.#fail(job, error);
    }
  }

  async #sendFile(job: Job, file: File, signal: AbortSignal): Promise<void> {
    const taken = job.onConflict === "fail" ? await job.batch.taken(job.path) : undefined;
    if (signal.aborted) return;
    if (taken) {
      this.#conflict(job, taken);
      if (job.state !== "sending") return;
    }
    job.meter.restart(job.sent, this.now());
    const task = { id: job.id, file, path: job.path, onConflict: job.onConflict };
    const { path } = await this.transport.send(task, (sent) => this.#progress(job, sent), signal);
    job.sent = file.size;
    this.#land(job, path);
  }

  #fail(job: Job, error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    const known = error instanceof TransferError ? error : new TransferError("internal", String(error));
    if (job.state !== "sending") return;
    if (known.code === "file-exists" && job.kind === "file" && job.onConflict === "fail") {
      this.#conflict(job, undefined);
      if (job.state === "sending") job.state = "waiting";
      return;
    }
    job.state = "failed";
    job.problem = { code: known.code, detail: known.message, requestId: known.requestId };
  }

  #conflict(job: Job, existing: Existing | undefined): void {
    job.existing = existing;
    job.sent = 0;
    if (job.batch.answer) this.#apply(job, job.batch.answer);
    else job.state = "conflict";
  }

  #apply(job: Job, choice: ConflictChoice): void {
    const policy = choiceToPolicy(choice, job.file?.lastModified ?? 0, job.existing);
    if (policy === "skip") {
      job.state = "skipped";
      return;
    }
    job.onConflict = policy;
    if (job.state === "conflict") job.state = "waiting";
  }

  #progress(job: Job, sent: number): void {
    if (job.state !== "sending") return;
    job.sent = Math.min(sent, job.file?.size ?? 0);
    job.meter.update(job.sent, this.now());
    this.#changed();
  }

  #land(job: Job, path: string): void {
    job.state = "done";
    if (path !== job.path) job.savedAs = nameOf(path);
    this.#landed.add(parentOf(path));
    this.#landed.add(job.batch.target);
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
      if (this.#landed.size > 0) {
        const folders = this.#landed;
        this.#landed = new Set();
        this.#onLanded?.(folders);
      }
      for (const tell of this.#listeners) tell();
    }, REDRAW_MS);
  }
}
