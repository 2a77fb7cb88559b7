import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FAILURE_KINDS, POLICY } from "@tac8/core/domain/failures";
import { failuresPage } from "./failuresPage.ts";

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
