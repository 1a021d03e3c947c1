// One file over tus: pieces with a checksum each, compared as a whole at the end.
import type { DetailedError, HttpRequest, HttpResponse, Upload, UploadOptions } from "tus-js-client";
import { csrfHeaders } from "@/kernel/api/client";
import { nameOf, parentOf } from "../files/names";
import { forgetDigest, pieceDigest, wholeDigest } from "./hash";
import { failureOf } from "./problem";
import { type Resumption, type Sent, type Task, type Telling, TransferError } from "./transport";

/** Small enough for proxies and slow lines, large enough that its end costs nothing. */
const PIECE = 16 * 1024 * 1024;
const TOKEN = "Upload-Token";
const RETRY_AFTER_MS = [0, 500, 1500, 4000, 8000];
/** Answers that pass: another request held the upload, or a piece was damaged on the way. */
const PASSING: ReadonlySet<string> = new Set(["busy", "upload-offset", "upload-hash", "upstream-failed"]);

/** The client is a part of its own, which has to be fetched before the line breaks. */
export const fetchTus = () =>
  import("tus-js-client").catch(() => {
    throw new TransferError("offline", "");
  });

export async function sendByTus(task: Task, tell: Telling, signal: AbortSignal): Promise<Sent> {
  const { Upload } = await fetchTus();
  const { file, id } = task;
  let token = task.resumption?.token;
  let upload: Upload | undefined;

  const told = () => {
    if (upload?.url && token) tell.started({ url: upload.url, token });
  };
  const options: UploadOptions = {
    endpoint: "/api/uploads",
    uploadUrl: task.resumption?.url ?? null,
    chunkSize: PIECE,
    uploadDataDuringCreation: true,
    storeFingerprintForResuming: false,
    retryDelays: RETRY_AFTER_MS,
    metadata: {
      filename: nameOf(task.path),
      path: parentOf(task.path),
      mtime: String(file.lastModified),
      on_conflict: task.onConflict,
    },
    onShouldRetry: (error) => passes(error),
    onProgress: (sent) => tell.progress(sent),
    onUploadUrlAvailable: told,
    async onBeforeRequest(request) {
      for (const [name, value] of Object.entries(csrfHeaders())) request.setHeader(name, value);
      if (token && request.getMethod() !== "POST") request.setHeader(TOKEN, token);
      const from = startOf(request);
      if (from === null) return;
      const digest = await pieceDigest(id, file, from, Math.min(from + PIECE, file.size));
      // A request that was aborted before it was sent has lost its headers, and would go out without them.
      if (signal.aborted) throw new DOMException("stopped", "AbortError");
      request.setHeader("Upload-Checksum", `blake3 ${btoa(String.fromCharCode(...digest))}`);
    },
    onAfterResponse(_, answer) {
      token = answer.getHeader(TOKEN) ?? token;
      told();
    },
  };

  try {
    await new Promise<void>((done, fail) => {
      const stop = () => {
        void upload?.abort();
        fail(new DOMException("stopped", "AbortError"));
      };
      upload = new Upload(file, {
        ...options,
        onSuccess: () => done(),
        onError: (error) => fail(errorOf(error)),
      });
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      else upload.start();
    });
    return await compared(task, upload?.url ?? "", token);
  } finally {
    forgetDigest(id);
  }
}

/** Ends an upload on the server, so that its bytes count no longer. */
export async function discardTus({ url, token }: Resumption): Promise<void> {
  const headers = { "Tus-Resumable": "1.0.0", [TOKEN]: token, ...csrfHeaders() };
  const answer = await fetch(url, { method: "DELETE", headers }).catch(() => null);
  if (answer && !answer.ok && answer.status !== 404 && answer.status !== 410) {
    throw failureOf({ status: answer.status, body: await answer.text() });
  }
}

/** Offset of the bytes a request carries; null when it carries none. */
function startOf(request: HttpRequest): number | null {
  if (request.getMethod() === "POST") return 0;
  return request.getMethod() === "PATCH" ? Number(request.getHeader("Upload-Offset")) : null;
}

async function compared({ id, file, path }: Task, url: string, token: string | undefined): Promise<Sent> {
  const here = wholeDigest(id, file);
  const answer = await fetch(url, { headers: { ...(token && { [TOKEN]: token }) } }).catch(() => null);
  if (!answer?.ok) throw failureOf({ status: answer?.status ?? 0, body: (await answer?.text()) ?? "" });
  const stored: { path: string; blake3: string | null } = await answer.json();
  if (stored.blake3 !== (await here)) {
    throw new TransferError("file-changed", "The file changed while it was sent.");
  }
  return { path: stored.path || path, verified: true };
}

function passes(error: DetailedError): boolean {
  const { code } = errorOf(error);
  return code === "offline" ? navigator.onLine : PASSING.has(code);
}

function errorOf(error: Error | DetailedError): TransferError {
  if (error instanceof TransferError) return error;
  if (!("originalRequest" in error)) return new TransferError("internal", error.message);
  // What the hooks above threw comes wrapped.
  if (error.causingError instanceof TransferError) return error.causingError;
  const answer: HttpResponse | null = error.originalResponse;
  return failureOf({
    status: answer?.getStatus() ?? 0,
    body: answer?.getBody() ?? "",
    requestId: answer?.getHeader("X-Request-ID"),
  });
}
