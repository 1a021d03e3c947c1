import { expect, it } from "vitest";
import { wayOf } from "./way";

const HOME = "https://nas.example";
const way = (path: string, mode: RequestMode = "navigate", method = "GET") =>
  wayOf({ url: new URL(path, HOME).href, mode, method }, HOME);

it("answers pages from the server first and assets from what is kept", () => {
  expect(way("/")).toBe("page");
  expect(way("/files/Summer.photos/a?sort=name")).toBe("page");
  expect(way("/shares")).toBe("page");
  expect(way("/assets/index-1a2b.js", "cors")).toBe("asset");
});

it("leaves the API, bytes of files, shared links and other hosts alone", () => {
  const beyond = [
    "/api/files/download/a.mp4",
    "/api",
    "/dav/anna/a.txt",
    "/s3/bucket/key",
    "/dl/1",
    "/s/token",
  ];
  for (const path of [...beyond, "/docs", "/redoc", "/metrics"]) expect(way(path)).toBeNull();
  expect(way("/api/bootstrap", "cors")).toBeNull();
  expect(way("/favicon.svg", "no-cors")).toBeNull();
  expect(way("/files/", "navigate", "POST")).toBeNull();
  expect(way("https://elsewhere.example/assets/a.js", "cors")).toBeNull();
});
