import { act } from "react";
import { afterEach, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { click, find, render } from "../testing/render";
import { confirmed, ProofHost } from "./proof";

// The client keeps the fetch it finds when it is made.
const network = vi.hoisted(() => {
  const wire: { answer: (request: Request) => Promise<Response> } = { answer: () => Promise.reject() };
  globalThis.fetch = ((request: Request) => wire.answer(request)) as typeof fetch;
  return wire;
});

let shown: Awaited<ReturnType<typeof render>>;
afterEach(() => shown.remove());

function answers(...given: { status: number; body: object }[]) {
  const asked: unknown[] = [];
  network.answer = async (request) => {
    asked.push([new URL(request.url).pathname, await request.json()]);
    const { status, body } = given.shift() ?? { status: 500, body: {} };
    const type = status < 400 ? "application/json" : "application/problem+json";
    return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
  };
  return asked;
}

function guarded() {
  const done = vi.fn(async () => "done");
  const refusal = new Problem(403, "confirmation-required", "Confirm first.");
  done.mockRejectedValueOnce(refusal);
  return { done, refusal };
}

/** Lets an answer that is on its way arrive. */
function settled(check: () => void) {
  return act(() => vi.waitFor(check));
}

async function type(label: string, text: string) {
  const input = find<HTMLInputElement>(
    `#${find<HTMLLabelElement>("label", label).htmlFor.replaceAll(":", "\\:")}`,
  );
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
  await act(async () => {
    set?.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

it("asks for the password, tells when it is wrong, and then does the act again", async () => {
  const asked = answers({ status: 401, body: { code: "unauthorized" } }, { status: 200, body: {} });
  shown = await render(<ProofHost />);
  const { done } = guarded();
  let result: Promise<string> = Promise.resolve("");
  await act(async () => {
    result = confirmed(done);
  });
  await type("Password", "wrong");
  await click(find("button", "Confirm"));
  await settled(() => expect(find(".field-error").textContent).toBe("This is not your password."));
  await type("Password", "right");
  await click(find("button", "Confirm"));
  await act(async () => expect(await result).toBe("done"));
  expect(done).toHaveBeenCalledTimes(2);
  expect(document.querySelector("dialog")).toBeNull();
  expect(asked).toEqual([
    ["/api/auth/confirm", { password: "wrong" }],
    ["/api/auth/confirm", { password: "right" }],
  ]);
});

it("takes a code of the app instead", async () => {
  const asked = answers({ status: 200, body: {} });
  shown = await render(<ProofHost />);
  const { done } = guarded();
  let result: Promise<string> = Promise.resolve("");
  await act(async () => {
    result = confirmed(done);
  });
  await click(find("button", "Use a code"));
  await type("Code", " 123456 ");
  await click(find("button", "Confirm"));
  await act(async () => expect(await result).toBe("done"));
  expect(asked).toEqual([["/api/auth/confirm", { code: "123456" }]]);
});

it("hands the refusal on when the question is closed, and every other error at once", async () => {
  shown = await render(<ProofHost />);
  const { done, refusal } = guarded();
  let result: Promise<unknown> = Promise.resolve();
  await act(async () => {
    result = confirmed(done).catch((error) => error);
  });
  await click(find("button", "Cancel"));
  expect(await result).toBe(refusal);
  const other = new Problem(409, "conflict", "");
  await expect(confirmed(() => Promise.reject(other))).rejects.toBe(other);
  expect(document.querySelector("dialog")).toBeNull();
});
