// Many small files in one request: a line of JSON that names them, then their bytes.
import { csrfHeaders } from "@/kernel/api/client";
import { digests } from "./hash";
import { randomKey } from "./key";
import { failureOf } from "./problem";
import { type Sent, type Task, TransferError } from "./transport";

interface Outcome {
  path: string;
  status: number;
  problem?: { code: string; detail: string; request_id?: string };
}

export async function sendTogether(
  tasks: readonly Task[],
  progress: (sent: number) => void,
  signal: AbortSignal,
): Promise<(Sent | TransferError)[]> {
  const found = await digests(tasks.map((task) => task.file));
  const readable = tasks.filter((_, at) => found[at]);
  const line = tasks.flatMap(({ path, file, onConflict }, at) => {
    const blake3 = found[at];
    const known = { path, size: file.size, mtime: file.lastModified, on_conflict: onConflict };
    return blake3 ? [{ ...known, blake3 }] : [];
  });
  const outcomes = readable.length > 0 ? await post(line, readable, progress, signal) : [];
  return tasks.map((_, at) => {
    const outcome = found[at] ? outcomes.shift() : undefined;
    if (!outcome) return new TransferError("unreadable", "");
    const { problem, path, status } = outcome;
    if (status < 300) return { path, verified: true };
    return new TransferError(
      problem?.code ?? "internal",
      problem?.detail ?? `${status}`,
      problem?.request_id,
    );
  });
}

function post(
  line: readonly object[],
  tasks: readonly Task[],
  progress: (sent: number) => void,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const head = `${JSON.stringify(line)}\n`;
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("POST", "/api/uploads/batch");
    request.setRequestHeader("Content-Type", "application/vnd.balu.batch");
    request.setRequestHeader("Idempotency-Key", randomKey());
    for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(Math.max(0, event.loaded - head.length));
    request.onload = () => {
      const { status, responseText: body } = request;
      if (status === 200) done(JSON.parse(body));
      else fail(failureOf({ status, body, requestId: request.getResponseHeader("X-Request-ID") }));
    };
    request.onerror = () => fail(new TransferError("offline", ""));
    request.onabort = () => fail(new DOMException("stopped", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    if (signal.aborted) fail(new DOMException("stopped", "AbortError"));
    else request.send(new Blob([head, ...tasks.map((task) => task.file)]));
  });
}
