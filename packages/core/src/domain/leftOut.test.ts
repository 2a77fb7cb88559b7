import { expect, test } from "vitest";
import { leftOutListSchema, leftOutText, listLeftOut, nameFiles, nameMore, type LeftOut } from "./leftOut.ts";

const left: LeftOut[] = [
  { path: ".env", why: "secret" },
  { path: "a\nb`c", why: "unreadable" },
  { path: "node_modules/", why: "generated" },
];

test("what may be work comes first, and stays in the workspace", () => {
  const list = listLeftOut(left);
  expect(list?.files.map(({ path }) => path)).toEqual(["a\nb`c", ".env", "node_modules/"]);
  expect(list === null ? "" : leftOutText(list, "pi/1")).toBe(
    "Not committed: `a b'c` (cannot be read); kept in the workspace on pi/1. Excluded from the commit: `.env` (may contain a secret), `node_modules/` (generated); removed with the workspace.",
  );
  expect(leftOutListSchema.parse(JSON.parse(JSON.stringify(list)))).toEqual(list);
  expect(listLeftOut([])).toBeNull();
});

test("a long list is bounded, and says how many more there are", () => {
  const many = [...Array(30).keys()].map((index): LeftOut => ({ path: `${"x".repeat(5000)}${index}`, why: "secret" }));
  const list = listLeftOut(many) ?? { files: [], more: 0 };
  expect(list.files).toHaveLength(20);
  const text = leftOutText(list, "pi/1");
  expect(text).toMatch(/removed with the workspace\. 10 more were excluded\.$/);
  expect(text.length).toBeLessThan(6000);
});

test("names are added once, in a bounded list", () => {
  const first = nameFiles(["a", "b"]);
  expect(nameMore(null, ["a", "b"])).toEqual(first);
  expect(nameMore(first, ["b", "c"])).toEqual({ files: ["a", "b", "c"], more: 0 });
  const many = [...Array(25).keys()].map(String);
  expect(nameMore(first, many)).toMatchObject({ more: 7 });
  expect(nameMore(first, many).files).toHaveLength(20);
});
