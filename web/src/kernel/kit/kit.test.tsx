import { act, useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { click, find, press, render } from "../testing/render";
import {
  Button,
  ConfirmHost,
  confirm,
  Input,
  Menu,
  Tabs,
  ToastRegion,
  toast,
  undoComing,
  undoLast,
  useForm,
} from ".";

let shown: Awaited<ReturnType<typeof render>>;
afterEach(() => shown.remove());

describe("Button", () => {
  it("ignores clicks while busy and stays focusable", async () => {
    const onClick = vi.fn();
    shown = await render(
      <Button busy onClick={onClick}>
        Save
      </Button>,
    );
    const button = find<HTMLButtonElement>("button");
    await click(button);
    expect(onClick).not.toHaveBeenCalled();
    expect(button.disabled).toBe(false);
    expect(button.getAttribute("aria-busy")).toBe("true");
  });
});

describe("Input", () => {
  it("ties label, help and error to the control", async () => {
    shown = await render(<Input label="Name" help="Any name." error="Too short." />);
    const input = find<HTMLInputElement>("input");
    expect(find<HTMLLabelElement>("label").htmlFor).toBe(input.id);
    expect(input.getAttribute("aria-invalid")).toBe("true");
    const notes = (input.getAttribute("aria-describedby") ?? "").split(" ");
    expect(notes.map((id) => document.getElementById(id)?.textContent)).toEqual(["Any name.", "Too short."]);
  });
});

describe("Menu", () => {
  it("moves with the arrows round the end, runs an item and gives focus back", async () => {
    const run = vi.fn();
    shown = await render(
      <Menu
        label="Actions"
        items={[{ id: "a", label: "Open", run: () => undefined }, "-", { id: "b", label: "Delete", run }]}
        trigger={(button) => (
          <button type="button" {...button}>
            Actions
          </button>
        )}
      />,
    );
    const opener = find("button", "Actions");
    opener.focus();
    await click(opener);
    expect(document.activeElement?.textContent).toBe("Open");
    await press(document.activeElement, "ArrowUp");
    expect(document.activeElement?.textContent).toBe("Delete");
    await press(document.activeElement, "ArrowDown");
    expect(document.activeElement?.textContent).toBe("Open");
    await press(document.activeElement, "d");
    expect(document.activeElement?.textContent).toBe("Delete");
    await click(document.activeElement);
    expect(run).toHaveBeenCalledOnce();
    expect(document.activeElement).toBe(opener);
    expect(document.querySelector('[role="menu"]')).toBeNull();
  });
});

describe("Tabs", () => {
  it("has one tab stop and follows the arrows", async () => {
    shown = await render(<Two />);
    expect(find('[role="tab"][tabindex="0"]').textContent).toBe("One");
    await press(find('[role="tab"]', "One"), "ArrowRight");
    expect(find('[aria-selected="true"]').textContent).toBe("Two");
    expect(find('[role="tabpanel"]').textContent).toBe("second");
  });
});

describe("toast", () => {
  it("offers Undo, also by undoLast, once", async () => {
    const undo = vi.fn();
    shown = await render(<ToastRegion />);
    await act(async () => void toast({ text: "Moved 3 items to trash", undo }));
    expect(find(".toast").textContent).toContain("Undo");
    await act(async () => expect(undoLast()).toBe(true));
    expect(undo).toHaveBeenCalledOnce();
    expect(undoLast()).toBe(false);
    expect(document.querySelector(".toast")).toBeNull();
  });

  it("keeps an Undo that is asked for before the act is over", async () => {
    const [undo, older] = [vi.fn(), vi.fn()];
    shown = await render(<ToastRegion />);
    await act(async () => void toast({ text: "Renamed", undo: older }));
    const [failed, done] = [undoComing(), undoComing()];
    expect(undoLast()).toBe(true);
    await act(async () => done({ text: "Moved 3 items to trash", undo }));
    expect(undo).toHaveBeenCalledOnce();
    expect(find(".toasts").textContent).not.toContain("Moved");
    failed();
    await act(async () => expect(undoLast()).toBe(true));
    expect(older).toHaveBeenCalledOnce();
    const plain = undoComing();
    await act(async () => plain({ text: "Moved 1 item to trash", undo }));
    expect(find(".toasts").textContent).toContain("Moved 1 item");
    await act(async () => expect(undoLast()).toBe(true));
  });
});

describe("confirm", () => {
  it("answers yes only for the named action", async () => {
    shown = await render(<ConfirmHost />);
    const ask = () =>
      confirm({ title: "Delete?", body: "3 files, 2 MB", action: "Delete 3 files", danger: true });
    let answer: Promise<boolean> = Promise.resolve(false);
    await act(async () => {
      answer = ask();
    });
    await click(find("dialog button", "Cancel"));
    expect(await answer).toBe(false);
    await act(async () => {
      answer = ask();
    });
    await click(find("dialog button", "Delete 3 files"));
    expect(await answer).toBe(true);
    expect(document.querySelector("dialog")).toBeNull();
  });
});

describe("useForm", () => {
  it("puts the server's words beside the field they are about and keeps others as failure", async () => {
    const problems = [
      new Problem(422, "invalid", "", { name: ["Taken."] }),
      new Problem(409, "conflict", ""),
    ];
    shown = await render(<Form problems={problems} />);
    await click(find("button", "Save"));
    expect(find(".field-error").textContent).toBe("Taken.");
    expect(find("output").textContent).toBe("");
    expect(document.activeElement).toBe(find("input"));
    await click(find("button", "Save"));
    expect(find("output").textContent).toBe("conflict");
  });
});

function Two() {
  const [active, setActive] = useState<"a" | "b">("a");
  const tabs = [
    { id: "a" as const, label: "One", panel: "first" },
    { id: "b" as const, label: "Two", panel: "second" },
  ];
  return <Tabs label="Parts" tabs={tabs} active={active} onChange={setActive} />;
}

function Form({ problems }: { problems: Problem[] }) {
  const form = useForm({
    initial: { name: "x" },
    send: async () => {
      throw problems.shift();
    },
  });
  return (
    <form onSubmit={form.submit}>
      <Input label="Name" {...form.bind("name")} />
      <output>{form.failure instanceof Problem ? form.failure.code : ""}</output>
      <button type="submit">Save</button>
    </form>
  );
}
