/** An answer of type application/problem+json, or no answer at all (`code` is "offline"). */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    readonly code: string,
    /** The server's own words: what happened and what to do next. */
    readonly detail: string,
    /** What is wrong with which field, from a 422 answer. */
    readonly fields: Record<string, string[]> = {},
    readonly requestId?: string,
    /** Seconds to wait before another try, from a 429 or 503 answer. */
    readonly retryAfter?: number,
    /** The whole document, with what only this kind of problem tells. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || code);
  }

  static fromBody(status: number, body: unknown, headers?: Headers): Problem {
    const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
    const detail = typeof given.detail === "string" ? given.detail : "";
    const retry = Number(given.retry_after ?? headers?.get("Retry-After"));
    return new Problem(
      status,
      typeof given.code === "string" ? given.code : codeOf(status),
      detail,
      fieldsOf(given),
      text(given.request_id) ?? headers?.get("X-Request-ID") ?? undefined,
      Number.isFinite(retry) && retry > 0 ? retry : undefined,
      given,
    );
  }
}

export function isProblem(error: unknown, ...codes: string[]): error is Problem {
  return error instanceof Problem && (codes.length === 0 || codes.includes(error.code));
}

function codeOf(status: number): string {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404) return "not-found";
  if (status === 502 || status === 503 || status === 504) return "offline";
  return "internal";
}

function fieldsOf(body: Record<string, unknown>): Record<string, string[]> {
  if (typeof body.fields !== "object" || body.fields === null) return {};
  const entries = Object.entries(body.fields as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, texts]) => [name, [texts].flat().map(String)]));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
