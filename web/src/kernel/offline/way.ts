// Where an answer comes from while the service worker stands between page and server.

/** Addresses that are no pages of this application, though a browser may open them like one. */
const ELSEWHERE = /^\/(?:api|dav|s3|dl|s|share|docs|redoc|metrics)(?:\/|$)/;
const ASSET = /^\/assets\//;

/** `page`: the server, else the kept shell; `asset`: kept, else the server; null: not our business. */
export function wayOf(request: Pick<Request, "method" | "mode" | "url">, origin: string) {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin) return null;
  if (ASSET.test(url.pathname)) return "asset";
  return request.mode === "navigate" && !ELSEWHERE.test(url.pathname) ? "page" : null;
}
