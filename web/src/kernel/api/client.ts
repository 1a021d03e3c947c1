// The one way to the server's JSON: typed by path, cookie session, CSRF header, problems thrown.
import createClient, { type Client } from "openapi-fetch";
import { language } from "../i18n/language";
import { firstPaint } from "../router/painted";
import { Problem } from "./problem";

/** Who is signed in: the only question whose answer the first paint needs. */
const BEFORE_PAINT = "/api/bootstrap";
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

let whenSignedOut: () => void = () => {};

/** Called when an answer says that there is no session any more. */
export function onSignedOut(listener: () => void): void {
  whenSignedOut = listener;
}

const shared = createClient<Record<string, never>>({
  baseUrl: globalThis.location?.origin ?? "",
  credentials: "same-origin",
});

shared.use({
  async onRequest({ request, schemaPath }) {
    request.headers.set("Accept-Language", language());
    if (!SAFE.has(request.method)) {
      for (const [name, value] of Object.entries(csrfHeaders())) request.headers.set(name, value);
    } else if (schemaPath !== BEFORE_PAINT) await firstPaint();
    return request;
  },
});

/** The client for the paths of one domain: `client<UserPaths>().GET("/api/users/")`. */
export function client<Paths extends object>(): Client<Paths> {
  return shared as unknown as Client<Paths>;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer; throws a Problem for everything that is not a success. */
export async function call<T>(answer: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    if (cause instanceof SyntaxError) throw new Problem(0, "internal", cause.message);
    throw new Problem(0, "offline", String(cause));
  }
  if (got.response.ok) return got.data as T;
  const problem = Problem.fromBody(got.response.status, parsed(got.error), got.response.headers);
  if (problem.status === 401 && problem.code === "unauthorized") whenSignedOut();
  throw problem;
}

/** Whether this browser was signed in when it last heard of the server; only the server knows about now. */
export function hasSession(): boolean {
  return "X-CSRF" in csrfHeaders();
}

/** For requests outside the client (uploads): the header that proves the page sent them. */
export function csrfHeaders(): Record<string, string> {
  const token = /(?:^|;\s*)balu_csrf=([^;]*)/.exec(document.cookie)?.[1];
  return token ? { "X-CSRF": decodeURIComponent(token) } : {};
}

function parsed(error: unknown): unknown {
  if (typeof error !== "string") return error;
  try {
    return JSON.parse(error);
  } catch {
    return { detail: "" };
  }
}
