import { join } from "node:path";
import { expect, test } from "vitest";
import { findPrograms } from "./programs.ts";

const root = join(import.meta.dirname, "..");

test("every source file of the table exists", () => {
  const { argsOf, command } = findPrograms(root, "src");
  expect(argsOf("runner").at(-1)).toBe(join(root, "apps/runner/src/main.ts"));
  expect(command).toBe(join(root, "bin/tac8.mjs"));
});

test("bundled programs start from dist", () => {
  const { argsOf } = findPrograms("/checkout", "dist", () => true);
  expect(argsOf("scheduler").at(-1)).toBe("/checkout/dist/scheduler.js");
});

test("sandboxes show the sources that tac8's own programs load, and no more than a bundled program needs", () => {
  expect(findPrograms(root, "src").sandboxReads).toEqual([root]);
  expect(findPrograms("/checkout", "dist", () => true).sandboxReads).toEqual([]);
});

test("a checkout that is not built is refused, with the command that builds it", () => {
  const build = () => findPrograms("/checkout", "dist", (file) => !String(file).includes("/dist/"));
  expect(build).toThrow("dist/scheduler.js is not in the checkout: build it first, or measure the sources");
});

test("a wrong checkout is refused", () => {
  expect(() => findPrograms("/nowhere", "src")).toThrow("check --checkout");
});
