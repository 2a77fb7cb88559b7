import { expect, test } from "vitest";
import { reasonOfSecrets } from "./whyWithheld.ts";

const finding = { where: "a.ts", line: 2, rule: "github", isCertain: false };
const searched = { findings: [finding], count: 1, digest: "a digest", unchecked: null };

test("findings are shown with file, line and rule", () => {
  expect(reasonOfSecrets({ ...searched, findings: [], count: 0 }, "head")).toBeNull();
  const findings = [finding, { ...finding, where: "b`@x.ts", line: null }];
  const reason = reasonOfSecrets({ ...searched, findings, count: 60 }, "head");
  expect(reason?.text).toContain("`a.ts` line 2 (github), `b'@x.ts` (github) and 58 more");
  expect(reason?.cannotBeAllowed).toBe(false);
});

test("a label allows only the findings", () => {
  const keyOf = (digest: string, head: string) => reasonOfSecrets({ ...searched, digest }, head)?.questionKey;
  expect(keyOf("one", "head")).toBe(keyOf("one", "another"));
  expect(keyOf("one", "head")).not.toBe(keyOf("two", "head"));
});

test("no label allows a secret of this installation", () => {
  const findings = [finding, { ...finding, isCertain: true }];
  expect(reasonOfSecrets({ ...searched, findings }, "head")?.cannotBeAllowed).toBe(true);
});

test("without a search for the patterns, a label allows one commit", () => {
  const unchecked = { ...searched, findings: [], count: 0, unchecked: "it took too long" };
  const reason = reasonOfSecrets(unchecked, "head");
  expect(reason?.cannotBeAllowed).toBe(false);
  expect(reason?.questionKey).toMatch(/^[0-9a-f]{32}$/);
  expect(reason?.questionKey).not.toBe(reasonOfSecrets(unchecked, "another")?.questionKey);
});

test("without a search for this installation's values, no label publishes anything", () => {
  expect(reasonOfSecrets({ unsearched: "it was interrupted" }, "head")).toMatchObject({ cannotBeAllowed: true });
});
