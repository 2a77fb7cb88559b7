import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants/mutants.ts";
import { promisesOf } from "./promises.mjs";

const root = join(import.meta.dirname, "..");
const MAX_WORDS = 25;
const WITHOUT_PROMISES = ["docs/reliability/not-promised.md", "docs/reliability/soak.md"];
const HAS_TEST = /^ *Test: /m;
const textOf = (page) => readFileSync(join(root, page), "utf8");
const pages = globSync("docs/reliability/*.md", { cwd: root })
  .filter((page) => !WITHOUT_PROMISES.includes(page))
  .toSorted()
  .map((page) => ({ page, ...promisesOf(textOf(page)) }));
const promises = pages.flatMap(({ page, promises: of }) => of.map((promise) => ({ page, ...promise })));
const mutants = new Map(MUTANTS.map((mutant) => [mutant.name, mutant]));

test.each(pages)("each promise of $page has its form", ({ promises: found, others }) => {
  expect(others).toEqual([]);
  expect(found).not.toEqual([]);
});

test("only the pages in docs/reliability have promises", () => {
  const others = globSync(["*.md", "docs/*.md", "docs/adr/*.md"], { cwd: root });
  expect(others.filter((page) => HAS_TEST.test(textOf(page)))).toEqual([]);
});

test.each(promises)("$page: $sentence", ({ page, sentence, mechanism, tests, mutants: names }) => {
  expect(sentence).toMatch(/^[A-Z`].*\.$/);
  expect(sentence).not.toMatch(/\b(?:neither|nor)\b|…/i);
  expect(sentence.split(" ").length).toBeLessThanOrEqual(MAX_WORDS);
  expect(mechanism).not.toBeNull();
  expect(tests).not.toEqual([]);
  expect(tests.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  expect(names.filter((name) => !mutants.has(name))).toEqual([]);
  expect(
    names.filter((name) => !tests.includes(mutants.get(name)?.test.file)).map((name) => `${page} ${name}`),
  ).toEqual([]);
});

test("each mutant belongs to exactly one promise", () => {
  const times = new Map(MUTANTS.map(({ name }) => [name, 0]));
  for (const name of promises.flatMap(({ mutants: names }) => names)) times.set(name, (times.get(name) ?? 0) + 1);
  expect([...times].filter(([, count]) => count !== 1)).toEqual([]);
});

test.each(MUTANTS)("the promise of the mutant $name can be read without its page", ({ promise }) => {
  expect(promise).not.toMatch(/…|\b(?:neither|nor)\b/i);
});

test("a list item without a test, or with another form, is not a promise", () => {
  const line = (rest) => `Text.\n\n- **A holds.**\\\n${rest}\n\n- no promise\n`;
  expect(promisesOf(line("  By b.\\\n  Test: `c.test.ts`, where it runs · Mutant: `d`, `e`")).promises).toEqual([
    { sentence: "A holds.", mechanism: "By b.", tests: ["c.test.ts"], mutants: ["d", "e"] },
  ]);
  expect(promisesOf(line("  Test: `c.test.ts` · no mutant")).promises).toEqual([
    { sentence: "A holds.", mechanism: null, tests: ["c.test.ts"], mutants: [] },
  ]);
  expect(promisesOf(line("  Test: `c.test.ts`")).promises).toEqual([]);
  expect(promisesOf("- A holds.\\\n  Test: `c.test.ts` · no mutant")).toMatchObject({
    promises: [],
    others: ["A holds.\\\nTest: `c.test.ts` · no mutant"],
  });
});
