import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encodePatch, parseIssueState, RENAMED_FIELDS } from "../packages/core/src/state/issueState.ts";

test("docs/architecture.md names each fact of an issue's record, its hash field and its former hash field", () => {
  const page = readFileSync(new URL("../docs/architecture.md", import.meta.url), "utf8");
  const start = page.indexOf("### The record of an issue");
  const section = page.slice(start, page.indexOf("\n### ", start + 1));
  // An empty cell: the field has the path as its name.
  const row = /^\| `([\w.]+)` +\| (?:`(\w+)`|former `(\w+)`(, also written)?)? +\| /gm;
  const listed = [...section.matchAll(row)].map(([, path, field = path, former = null, mirrored]) => [
    path,
    field,
    former,
    mirrored !== undefined,
  ]);
  const facts = Object.entries(parseIssueState({})).flatMap(([group, value]) =>
    typeof value === "object" && value !== null ? Object.keys(value).map((key) => `${group}.${key}`) : [group],
  );
  const expected = facts.map((path) => {
    const renamed = RENAMED_FIELDS.find(({ field }) => field === path);
    const [field] = Object.keys(encodePatch({ [path]: "x" }).set);
    return [path, field, renamed?.former ?? null, renamed?.stays ?? false];
  });
  expect(listed).toEqual(expected);
});
