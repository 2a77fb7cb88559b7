import { expect, test } from "vitest";
import { accessKeys } from "./keys.ts";
import { hasSession, makeSession, sessionCookie } from "./session.ts";

const NOW = 1_795_600_000_000;
const DAY_MS = 86_400_000;
const given = { key: "the-key", password: "the-password", metricsToken: null };
const keys = accessKeys(given);
const value = makeSession(keys, NOW);
const cookie = (text: string) => `${keys.cookieName}=${text}`;

test("a session is valid for 30 days, also among other cookies", () => {
  const header = `other=1; ${cookie("rubbish")}; ${cookie(value)}`;
  expect(hasSession(header, keys, NOW)).toBe(true);
  expect(hasSession(header, keys, NOW + 30 * DAY_MS - 1000)).toBe(true);
  expect(hasSession(header, keys, NOW + 30 * DAY_MS)).toBe(false);
});

test("a forged session is not accepted", () => {
  const [ends = "", signed = ""] = value.split(".");
  const later = String(Number(ends) + 1);
  const forged = [
    "",
    ".",
    ends,
    `${ends}.`,
    `${later}.${signed}`,
    `0${ends}.${signed}`,
    `${ends}.${signed.slice(0, -1)}A`.replace(value, "x"),
    `${ends}.${"A".repeat(43)}`,
    `${value} `.trimEnd() + "x",
    makeSession(accessKeys({ ...given, key: "another" }), NOW),
  ];
  for (const text of forged) expect([text, hasSession(cookie(text), keys, NOW)]).toEqual([text, false]);
  expect(hasSession(`tac8=${value}`, keys, NOW)).toBe(false);
  expect(hasSession(undefined, keys, NOW)).toBe(false);
});

test("a new password, and a new key, end all sessions", () => {
  for (const change of [{ password: "new" }, { key: "new" }]) {
    const other = accessKeys({ ...given, ...change });
    expect(hasSession(`${other.cookieName}=${value}`, other, NOW)).toBe(false);
    expect(other.csrf).not.toBe(keys.csrf);
  }
});

test("its cookie is inaccessible to scripts and other sites, and is for HTTPS only if the browser uses HTTPS", () => {
  const plain = sessionCookie(keys, { now: NOW, secure: false });
  expect(plain).toBe(`${cookie(value)}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax`);
  expect(sessionCookie(keys, { now: NOW, secure: true })).toBe(`${plain}; Secure`);
});

test("two installations on one host have different cookies", () => {
  expect(accessKeys({ ...given, key: "other" }).cookieName).not.toBe(keys.cookieName);
  expect(keys.cookieName).toMatch(/^tac8-[0-9a-f]{8}$/);
});
