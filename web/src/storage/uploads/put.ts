// Transport by one raw PUT per file: progress from XMLHttpRequest, no resuming.
import { encodePath } from "../files/names";
import { type Task, TransferError, type Transport } from "./transport";

export type Csrf = () => string | undefined;

export function send(
  { file, path, onConflict }: Task,
  progress: (sent: number) => void,
  signal: AbortSignal,
  csrf: Csrf,
): Promise<{ path: string }> {
  const query = new URLSearchParams({ on_conflict: onConflict, mtime: String(file.lastModified) });
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PUT", `/api/files/content/${encodePath(path)}?${query}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    const token = csrf();
    if (token) request.setRequestHeader("X-CSRF", token);
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => {
      if (request.status < 300) done({ path: pathIn(request.responseText) ?? path });
      else fail(problemOf(request));
    };
    request.onerror = () => fail(new TransferError("offline", ""));
    request.onabort = () => fail(new DOMException("stopped", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    if (signal.aborted) fail(new DOMException("stopped", "AbortError"));
    else request.send(file);
  });
}

function pathIn(text: string): string | undefined {
  const answer = parsed(text);
  return typeof answer?.path === "string" ? answer.path : undefined;
}

function problemOf(request: XMLHttpRequest): TransferError {
  const problem = parsed(request.responseText);
  const code = typeof problem?.code === "string" ? problem.code : codeOf(request.status);
  const detail = typeof problem?.detail === "string" ? problem.detail : `${request.status}`;
  const id = typeof problem?.request_id === "string" ? problem.request_id : undefined;
  return new TransferError(code, detail, id ?? request.getResponseHeader("X-Request-ID") ?? undefined);
}

/** A proxy's own answer has no problem code; its status says nearly as much. */
function codeOf(status: number): string {
  if (status === 413) return "too-large";
  if (status === 507) return "no-space";
  if (status === 429) return "rate-limited";
  return status === 502 || status === 503 || status === 504 ? "upstream-failed" : "internal";
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // Answers of proxies and empty answers are not JSON.
    return null;
  }
}

export type PutTransport = Pick<Transport, "send" | "resumes">;

export function putTransport(csrf: Csrf): PutTransport {
  return { resumes: false, send: (task, progress, signal) => send(task, progress, signal, csrf) };
}
