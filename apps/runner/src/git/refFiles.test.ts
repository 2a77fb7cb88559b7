import { expect, test } from "vitest";
import { formatPackedRefs, parsePackedRefs } from "./refFiles.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const HEADER = "# pack-refs with: peeled fully-peeled sorted \n";

test("what git has written is read and written as it was", () => {
  const text = `${HEADER}${A} refs/heads/main\n${B} refs/tags/v1\n^${A}\n${A} refs/tags/v1.1\n`;
  const refs = parsePackedRefs(text);
  expect(Object.fromEntries(refs)).toEqual({
    "refs/heads/main": { sha: A, peeled: null },
    "refs/tags/v1": { sha: B, peeled: A },
    "refs/tags/v1.1": { sha: A, peeled: null },
  });
  expect(formatPackedRefs(refs)).toBe(text);
});

test("without knowing what a tag stands for, the file does not say that it does", () => {
  const refs = new Map([
    ["refs/tags/b", { sha: B }],
    ["refs/tags/a", { sha: A, peeled: B }],
  ]);
  expect(formatPackedRefs(refs)).toBe(`# pack-refs with: sorted \n${A} refs/tags/a\n${B} refs/tags/b\n`);
  expect(parsePackedRefs(formatPackedRefs(refs)).get("refs/tags/a")).toEqual({ sha: A });
});

test("the order is by bytes, and rubbish is left out", () => {
  const names = ["refs/tags/é", "refs/tags/😀", "refs/tags/\uffee", "refs/tags/z", "refs/tags/a-b", "refs/tags/a/b"];
  const refs = new Map(names.map((name) => [name, { sha: A, peeled: null }]));
  const order = [...formatPackedRefs(refs).matchAll(/refs\/tags\/(\S+)/g)].map(([, name]) => name);
  expect(order).toEqual(["a-b", "a/b", "z", "é", "\uffee", "😀"]);
  expect(parsePackedRefs(`rubbish\n^${A}\n${A}\nxyz refs/tags/x\n`).size).toBe(0);
});
