import { describe, expect, test } from "vitest";

import { createLineRedactor, redact } from "./redact.ts";

const secret = 'canary/"7f+3\\q&zz';
const patterned = `ghp_${"a1B2".repeat(9)}`;

describe("redact", () => {
  test.each([
    ["as it is", `token ${secret} end`],
    ["URL-encoded", `https://h/?t=${encodeURIComponent(secret)}`],
    ["in JSON", JSON.stringify({ a: secret })],
    ["in JSON in JSON", JSON.stringify({ a: JSON.stringify({ b: secret }) })],
  ])("takes the secret out %s", (_, text) => {
    const clean = redact(text, [secret]);
    expect(clean).not.toContain("7f+3");
    expect(clean).not.toContain("7f%2B3");
    expect(clean).toContain("[redacted]");
  });

  test.each(["x-access-token:", "", "u:", "me:", "abc"])("takes the secret out of base64 after %j", (before) => {
    const encoded = Buffer.from(`${before}${secret} and more`).toString("base64");
    expect(redact(encoded, [secret])).toContain("[redacted]");
    const clean = redact(`x ${encoded}`, [secret]);
    expect(Buffer.from(clean.replaceAll("[redacted]", ""), "base64").toString()).not.toContain("canary");
  });

  test.each([
    patterned,
    `gho_${"x".repeat(36)}`,
    `ghs_${"x".repeat(36)}`,
    `ghu_${"x".repeat(36)}`,
    `ghr_${"x".repeat(36)}`,
    `github_pat_${"11AB".repeat(10)}`,
    `sk-ant-api03-${"k-_9".repeat(10)}`,
  ])("recognizes %s by its form, also after an escaped line break", (token) => {
    expect(redact(`before ${token} after`, [])).toBe("before [redacted] after");
    expect(redact(JSON.stringify(`line\n${token}`), [])).toBe(String.raw`"line\n[redacted]"`);
  });

  test.each([
    ["Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"],
    ["AUTHORIZATION: basic eHh4", "AUTHORIZATION: basic [redacted]"],
    ["authorization=zzz, next", "authorization=[redacted], next"],
    ['{"authorization":"token zzz","a":1}', '{"authorization":"token [redacted]","a":1}'],
    ["redis://:pass@host:6379", "redis://:[redacted]@host:6379"],
    ["https://user:pass@host/x", "https://user:[redacted]@host/x"],
  ])("%s → %s", (text, expected) => {
    expect(redact(text, [])).toBe(expected);
  });

  test("leaves ordinary text and too short secrets alone", () => {
    const text = "GET https://api.github.com/repos/o/r?page=2: 404, ghp_short";
    expect(redact(text, ["", "404"])).toBe(text);
  });
});

test("a redacted line is still JSON, with the rest of it unharmed", () => {
  const line = JSON.stringify({
    level: 30,
    msg: secret,
    nested: [{ deep: `a ${secret} b` }],
    Authorization: "zzz",
    n: 1,
  });
  expect(JSON.parse(createLineRedactor([secret, "level"])(`${line}\n`))).toEqual({
    level: 30,
    msg: "[redacted]",
    nested: [{ deep: "a [redacted] b" }],
    Authorization: "[redacted]",
    n: 1,
  });
  expect(createLineRedactor([secret])(`not json ${secret}\n`)).toBe("not json [redacted]\n");
});
