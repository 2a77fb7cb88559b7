import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const CALL = /\bfieldTest\(\s*"([A-F]\d+)"/g;

/** Ids in the calls of `fieldTest`, by test file. */
function idsInTests() {
  const found = new Map();
  for (const folder of ["apps", "packages", "test"]) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".test.ts") || entry.parentPath.includes("node_modules")) continue;
      const path = join(entry.parentPath, entry.name);
      const ids = [...readFileSync(path, "utf8").matchAll(CALL)].map(([, id]) => id);
      if (ids.length > 0) found.set(path.slice(root.length + 1), new Set(ids));
    }
  }
  return found;
}

const rows = [
  ...readFileSync(join(root, "docs/field-reports.md"), "utf8").matchAll(/^\| ([A-F]\d+) .*\| `([^`]+)` +\|$/gm),
];
const tests = idsInTests();

test.each(rows.map(([, id, file]) => [id, file]))("%s is shown by a test in %s", (id, file) => {
  expect(tests.get(file) ?? new Set()).toContain(id);
});

test("every id of a test is explained in docs/field-reports.md, once", () => {
  const listed = rows.map(([, id]) => id);
  expect(new Set(listed).size).toBe(listed.length);
  const used = new Set([...tests.values()].flatMap((ids) => [...ids]));
  expect([...used].filter((id) => !listed.includes(id))).toEqual([]);
  expect(listed).toHaveLength(50);
});
