import { expect, test } from "vitest";
import { addBlocked, blockedHostSchema, blockedLine, MAX_BLOCKED } from "./blockedHosts.ts";

const redact = (text: string) => text.replaceAll("hunter2secret", "[redacted]");

test("the hosts of a round's runs add up, and their number is limited", () => {
  const one = addBlocked(null, [{ host: "evil.example", times: 2 }], redact);
  expect(addBlocked(one, [{ host: "evil.example", times: 3 }], redact)).toEqual([{ host: "evil.example", times: 5 }]);
  const many = Array.from({ length: 80 }, (_, n) => ({ host: `host${n}.example`, times: 1 }));
  expect(addBlocked(one, many, redact)).toHaveLength(MAX_BLOCKED);
  expect(addBlocked(null, [], redact)).toBeNull();
});

test("a name is free of secrets and control characters, and bounded", () => {
  const host = `hunter2secret.${"x".repeat(300)}\u001b[31m\n.example`;
  const [blocked] = addBlocked(null, [{ host, times: 1 }], redact) ?? [];
  expect(blocked?.host).toMatch(/^\[redacted\]\.x+/);
  expect(blocked?.host).not.toMatch(/\p{Cc}/u);
  expect(blockedHostSchema.safeParse(blocked).success).toBe(true);
});

test("one line names those that were refused most often", () => {
  expect(blockedLine(null)).toBe("");
  expect(
    blockedLine([
      { host: "a.example", times: 1 },
      { host: "b.example", times: 3 },
    ]),
  ).toBe("blocked: b.example, 3 times; a.example, once");
  const many = Array.from({ length: 12 }, (_, n) => ({ host: `h${n}`, times: 2 }));
  expect(blockedLine(many)).toMatch(/; 2 more$/);
});
