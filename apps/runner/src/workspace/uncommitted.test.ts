import { expect, test } from "vitest";
import { parseStatus, textOf, unreadableFolders } from "./uncommitted.ts";

const A = "a".repeat(40);
const ordinary = (changed: string, [before, index, now]: readonly [string, string, string], path: string) =>
  `1 ${changed} N... ${before} ${index} ${now} ${A} ${A} ${path}\0`;
const FILE = "100644";
const LINK = "160000";
const NONE = "000000";

test("git's list of differences from HEAD is read", () => {
  const list = [
    `# branch.oid ${A}\0# branch.head auto/gh-\u00c3\u00a4\0`,
    ordinary("M.", [FILE, FILE, FILE], "changed"),
    ordinary(".D", [FILE, FILE, NONE], "deleted"),
    ordinary("A.", [NONE, FILE, FILE], "with a space\nand a line"),
    ordinary("T.", [FILE, LINK, LINK], "became a repository"),
    ordinary(".M", [LINK, LINK, LINK], "submodule"),
    `u UU N... ${FILE} ${FILE} ${FILE} ${FILE} ${A} ${A} ${A} conflict here\0`,
    "? new \u00c3\u00a4\0? nested/\0",
  ].join("");
  const { head, branch, entries } = parseStatus(list);
  expect([head, branch]).toEqual([A, "auto/gh-ä"]);
  const short = entries.map(({ path, ...flags }) => [
    path,
    Object.entries(flags)
      .filter(([, is]) => is)
      .map(([name]) => name),
  ]);
  expect(short).toEqual([
    ["changed", ["tracked", "inIndex"]],
    ["deleted", ["tracked", "missing"]],
    ["with a space\nand a line", ["inIndex"]],
    ["became a repository", ["tracked", "repository", "inIndex"]],
    ["submodule", ["tracked"]],
    ["conflict here", ["tracked", "inIndex", "unmerged"]],
    ["new \u00c3\u00a4", []],
    ["nested", ["repository"]],
  ]);
  expect(textOf("new \u00c3\u00a4")).toBe("new ä");
  expect(parseStatus("# branch.oid (initial)\0").head).toBeNull();
  expect(parseStatus(`# branch.oid ${A}\0# branch.head (detached)\0`).branch).toBeNull();
});

test("the old name of a renamed file is not read as a header", () => {
  const renamed = `2 R. N... ${FILE} ${FILE} ${FILE} ${A} ${A} R100 new\0`;
  const list = `# branch.oid ${A}\0# branch.head main\0${renamed}# branch.oid ${"f".repeat(40)}\0${renamed}# branch.head other\0`;
  expect(parseStatus(list)).toMatchObject({ head: A, branch: "main" });
});

test("folders that git could not read are found in its output, each once", () => {
  const errorText =
    "x/y: Permission denied\nwarning: could not open directory 'd0/': Permission denied\nwarning: could not open directory 'd0/': Permission denied\nwarning: could not open directory 'it's/': File name too long\nwarning: could not open directory 'deep/ddd";
  expect(unreadableFolders(errorText)).toEqual(["d0/", "it's/", "deep/ddd"]);
  expect(unreadableFolders("")).toEqual([]);
});
