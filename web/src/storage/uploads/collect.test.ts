import { expect, it } from "vitest";
import { collectDrop, collectInput, collectPaste } from "./collect";

type Tree = { [name: string]: Tree | string | Error };

function entry(name: string, content: Tree | string | Error): FileSystemEntry {
  if (content instanceof Error) {
    return { name, isFile: true, file: (_: unknown, fail: (e: Error) => void) => fail(content) } as never;
  }
  if (typeof content === "string") {
    const file = new File([content], name, { lastModified: 1_700_000_000_000 });
    return { name, isFile: true, file: (done: (f: File) => void) => done(file) } as never;
  }
  const names = Object.keys(content);
  return {
    name,
    isFile: false,
    isDirectory: true,
    createReader() {
      let at = 0;
      return {
        readEntries(done: (entries: FileSystemEntry[]) => void) {
          const batch = names.slice(at, at + 2).map((child) => entry(child, content[child] as Tree));
          at += 2;
          queueMicrotask(() => done(batch));
        },
      };
    },
  } as never;
}

/** Behaves like a browser: the items vanish as soon as the handler returns. */
function drop(tree: Tree): DataTransfer {
  let alive = true;
  queueMicrotask(() => {
    alive = false;
  });
  const items = Object.keys(tree).map((name) => ({
    kind: "file",
    webkitGetAsEntry: () => (alive ? entry(name, tree[name] as Tree) : null),
    getAsFile: () => null,
  }));
  return { items } as never;
}

it("keeps every file and folder of a drop, however deep", async () => {
  const found = await collectDrop(
    drop({
      "a.txt": "a",
      "b.txt": "b",
      trip: { "1.jpg": "1", "2.jpg": "2", "3.jpg": "3", day: { "4.jpg": "4" }, none: {} },
    }),
  );
  expect(found.files.map((one) => one.path)).toEqual([
    "a.txt",
    "b.txt",
    "trip/1.jpg",
    "trip/2.jpg",
    "trip/3.jpg",
    "trip/day/4.jpg",
  ]);
  expect(found.folders).toEqual(["trip", "trip/day", "trip/none"]);
  expect(found.files[0]?.file.lastModified).toBe(1_700_000_000_000);
});

it("reports what cannot be read and goes on", async () => {
  const found = await collectDrop(drop({ d: { link: new Error("not readable"), "ok.txt": "" } }));
  expect(found.unreadable).toEqual([{ path: "d/link", reason: "not readable" }]);
  expect(found.files.map((one) => one.path)).toEqual(["d/ok.txt"]);
});

it("takes the folders of a picked directory from the relative paths", () => {
  const file = new File(["x"], "x.txt");
  Object.defineProperty(file, "webkitRelativePath", { value: "a/b/x.txt" });
  expect(collectInput([file])).toMatchObject({ folders: ["a", "a/b"], files: [{ path: "a/b/x.txt" }] });
});

it("names a pasted screenshot after the moment", async () => {
  const image = new File(["png"], "image.png", { type: "image/png" });
  const transfer = {
    items: [{ kind: "file", getAsFile: () => image, webkitGetAsEntry: () => null }],
  } as never;
  const pasted = collectPaste(transfer, { screenshot: () => "Screenshot 1.png" });
  expect(pasted?.kind).toBe("files");
  if (pasted?.kind === "files") expect((await pasted.found).files[0]?.path).toBe("Screenshot 1.png");
});

it("offers pasted text as text and ignores an empty clipboard", () => {
  const text = (value: string) => ({ items: [], getData: () => value }) as never;
  expect(collectPaste(text("hello"), { screenshot: String })).toEqual({ kind: "text", text: "hello" });
  expect(collectPaste(text(" "), { screenshot: String })).toBeNull();
});
