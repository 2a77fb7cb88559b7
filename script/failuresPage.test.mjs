import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FAILURE_KINDS, POLICY } from "@tac8/core/domain/failures";
import { delaysAsText, failuresPage } from "./failuresPage.ts";

test("docs/failures.md is up to date (npm run docs)", () => {
  expect(readFileSync(join(import.meta.dirname, "../docs/failures.md"), "utf8")).toBe(failuresPage());
});

test.each(FAILURE_KINDS)("%s: its row says whether it uses an attempt, and which hold it sets", (kind) => {
  const row = failuresPage()
    .split("\n")
    .find((line) => line.startsWith(`| \`${kind}\` `));
  const { usesAttempt, hold } = POLICY[kind];
  expect(row).toMatch(usesAttempt ? /Uses an attempt/ : /[Uu]ses no attempt/);
  if (hold !== undefined) expect(row).toMatch(hold === "repository" ? /holds that repository/ : `hold \`${hold}\``);
});

test.each([
  [[1], "1 minute"],
  [[0], "0 minutes"],
  [[60], "60 minutes"],
  [[1, 2, 4], "1, 2, then 4 minutes"],
  [[30, 60, 90, 120], "30, 60, 90 minutes, then 2 hours"],
  [[60, 1440], "60 minutes, then 1 day"],
  [[120, 360, 2880], "2, 6 hours, then 2 days"],
])("delays of %j minutes are printed as %s", (minutes, text) => {
  expect(delaysAsText(minutes)).toBe(text);
});
