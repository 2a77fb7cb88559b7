import { expect, test } from "vitest";
import { secretsFound } from "./inspect.ts";

const finding = { where: "a.ts", line: 2, rule: "github", isCertain: false };

test("what was found is told by file, line and rule", () => {
  expect(secretsFound({ findings: [] })).toBeNull();
  const reason = secretsFound({ findings: [finding, { ...finding, where: "b`@x.ts", line: null }] });
  expect(reason?.text).toContain("`a.ts` line 2 (github), `b'@x.ts` (github)");
  expect(reason?.isFinal).toBe(false);
});

test("a label allows what it was told, in any order, and nothing else", () => {
  const other = { ...finding, where: "b.ts" };
  const allows = (...findings: (typeof finding)[]) => secretsFound({ findings })?.allows;
  expect(allows(finding, other)).toBe(allows(other, finding));
  expect(allows(finding)).not.toBe(allows(finding, other));
});

test("no label allows a secret of this installation", () => {
  expect(secretsFound({ findings: [finding, { ...finding, isCertain: true }] })?.isFinal).toBe(true);
});

test("what could not be checked needs a label too", () => {
  const reason = secretsFound({ unchecked: "it took too long" });
  expect(reason).toMatchObject({ isFinal: false, allows: "unchecked" });
});
