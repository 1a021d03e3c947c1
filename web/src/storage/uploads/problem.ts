// Answers of upload requests, which do not go through the JSON client because they report progress.
import { TransferError } from "./transport";

export interface Answer {
  status: number;
  body: string;
  requestId?: string | null;
}

/** What went wrong; status 0 means that no answer came. */
export function failureOf({ status, body, requestId }: Answer): TransferError {
  if (status === 0) return new TransferError("offline", "");
  const problem = parsed(body);
  const code = typeof problem?.code === "string" ? problem.code : codeOf(status);
  const detail = typeof problem?.detail === "string" ? problem.detail : `${status}`;
  const id = typeof problem?.request_id === "string" ? problem.request_id : requestId;
  return new TransferError(code, detail, id ?? undefined);
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
