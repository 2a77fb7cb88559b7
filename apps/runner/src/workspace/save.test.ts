import { expect, test } from "vitest";
import { nestedFolders, nestedRepositories } from "./save.ts";

const A = "a".repeat(40);
const ZERO = "0".repeat(40);
const raw = (...entries: readonly (readonly [string, string])[]) =>
  entries.map(([head, path]) => `${head}\0${path}\0`).join("");

test("links to commits that nobody else has are found, a project's own submodules are not", () => {
  expect(nestedRepositories("")).toEqual([]);
  const list = raw(
    [`:000000 100644 ${ZERO} ${A} A`, "new.txt"],
    [`:000000 160000 ${ZERO} ${A} A`, "nested"],
    [`:100644 160000 ${A} ${A} T`, "was a file"],
    [`:160000 160000 ${A} ${A} M`, "submodule"],
    [`:160000 000000 ${A} ${ZERO} D`, "gone submodule"],
    [`:100644 100755 ${A} ${A} M`, ":000000 160000 as a name"],
    [`:000000 160000 ${ZERO} ${A} A`, "line\nbreak"],
  );
  expect(nestedRepositories(list)).toEqual(["nested", "was a file", "line\nbreak"]);
});

test("a list of untracked files names repositories as folders", () => {
  expect(nestedFolders("")).toEqual([]);
  expect(nestedFolders("? a.txt\0? nested/\0?  with spaces /\0? deep/er/\0")).toEqual([
    "nested",
    " with spaces ",
    "deep/er",
  ]);
});
