import { expect, test } from "vitest";
import { CleanupStack } from "./cleanupStack.ts";

test("steps run in the reverse order, one after the other, once", async () => {
  const seen: string[] = [];
  const stack = new CleanupStack();
  stack.defer(() => seen.push("first"));
  stack.defer(async () => {
    seen.push("second begins");
    await Promise.resolve();
    seen.push("second ends");
  });
  await stack.close();
  await stack.close();
  expect(seen).toEqual(["second begins", "second ends", "first"]);
});

test("a failed step does not prevent the others, and each failure is reported", async () => {
  const seen: string[] = [];
  const stack = new CleanupStack();
  stack.defer(() => {
    throw new Error("one");
  });
  stack.defer(() => seen.push("between"));
  stack.defer(() => Promise.reject(new Error("two")));
  await expect(stack.close()).rejects.toThrow("closing failed: Error: two; Error: one");
  expect(seen).toEqual(["between"]);
});

test("moved steps do not run at the end of the scope, and the others do", async () => {
  const seen: string[] = [];
  let moved: CleanupStack;
  {
    await using stack = new CleanupStack();
    stack.defer(() => seen.push("kept"));
    moved = stack.move();
    stack.defer(() => seen.push("of the scope"));
  }
  expect(seen).toEqual(["of the scope"]);
  await moved.close();
  expect(seen).toEqual(["of the scope", "kept"]);
});
