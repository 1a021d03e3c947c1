import { QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import type { FileItem, Listing } from "./api";
import { dropRows, PAGE_ROWS, pageKey, patchRow, rowAt, withoutRows } from "./cache";
import { viewFrom } from "./view";

const item = (n: number) => ({ name: `f${n}`, path: `f${n}` }) as FileItem;
function page(number: number, total: number): Listing {
  const first = number * PAGE_ROWS;
  const count = Math.min(PAGE_ROWS, total - first);
  return { files: Array.from({ length: count }, (_, n) => item(first + n)), total, etag: "1" };
}

it("closes the gap across pages that are loaded", () => {
  const pages = withoutRows(
    new Map([
      [0, page(0, 700)],
      [1, page(1, 700)],
    ]),
    new Set(["f3", "f4"]),
  );
  expect(pages.get(0)?.files[3]?.name).toBe("f5");
  expect(pages.get(0)?.files.at(-1)?.name).toBe("f501");
  expect(pages.get(1)?.files).toHaveLength(198);
  expect(pages.get(0)?.total).toBe(698);
});

it("gives up a page whose missing rows lie in one that was never loaded", () => {
  const pages = withoutRows(
    new Map([
      [0, page(0, 1700)],
      [3, page(3, 1700)],
    ]),
    new Set(["f3"]),
  );
  expect(pages.get(0)).toBeNull();
  expect(pages.get(3)?.total ?? null).toBe(1699);
});

it("leaves an empty first page when the last row goes", () => {
  const pages = withoutRows(new Map([[0, page(0, 1)]]), new Set(["f0"]));
  expect(pages.get(0)).toMatchObject({ files: [], total: 0 });
});

it("shows a rename and a removal at once in the lists it has", () => {
  const client = new QueryClient();
  const view = viewFrom("", {});
  client.setQueryData(pageKey(view, 0), page(0, 3));
  patchRow(client, view, "f1", { name: "new" });
  expect(rowAt(client, view, 1)?.name).toBe("new");
  dropRows(client, view, new Set(["f0"]));
  expect(rowAt(client, view, 0)?.name).toBe("new");
  expect(rowAt(client, view, 2)).toBeUndefined();
});
