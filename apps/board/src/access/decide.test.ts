import { expect, test } from "vitest";
import { decideAccess, type AccessRequest, type Caller, type AccessLevel } from "./decide.ts";

const OPEN_RULES = { loopback: true, publicHost: null };
const decide = (request: Partial<AccessRequest>, rules: Parameters<typeof decideAccess>[1] = OPEN_RULES) => {
  const headers = { host: "127.0.0.1:3000", ...request.headers };
  const whole = { method: "GET", requires: "board", caller: "session", refused: null, hasToken: false } as const;
  const decision = decideAccess({ ...whole, ...request, headers }, rules);
  return decision.ok ? "ok" : decision.why;
};

test.each([
  ["127.0.0.1:3000", "ok"],
  ["127.8.9.1", "ok"],
  ["localhost:80", "ok"],
  ["LOCALHOST", "ok"],
  ["tac8.localhost:3000", "ok"],
  ["[::1]:3000", "ok"],
  ["evil.example:3000", "host"],
  ["localhost.evil.example", "host"],
  ["127.0.0.1.evil.example", "host"],
  ["[::2]:3000", "host"],
  ["localhost@evil.example", "host"],
  ["", "host"],
])("on loopback, Host %s → %s", (host, expected) => {
  expect(decide({ headers: { host } })).toBe(expected);
});

test("on loopback, the host of board.url is accepted; beyond loopback, every name is", () => {
  const headers = { host: "Tac8.example.org" };
  expect(decide({ headers }, { loopback: true, publicHost: "tac8.example.org" })).toBe("ok");
  expect(decide({ headers }, { loopback: false, publicHost: null })).toBe("ok");
});

test.each<[AccessLevel, Caller, "wrong" | "wait" | null, string]>([
  ["open", null, null, "ok"],
  ["open", null, "wrong", "ok"],
  ["open", "session", null, "ok"],
  ["board", null, null, "sign-in"],
  ["board", null, "wrong", "wrong"],
  ["board", null, "wait", "wait"],
  ["board", "session", null, "ok"],
  ["board", "password", null, "ok"],
  ["board", "metrics-token", null, "sign-in"],
  ["metrics", "metrics-token", null, "ok"],
  ["metrics", "password", null, "ok"],
  ["metrics", "session", null, "ok"],
  ["metrics", null, null, "sign-in"],
  ["metrics", null, "wrong", "wrong"],
])("reading a path that requires %s, by %s (%s) → %s", (requires, caller, refused, expected) => {
  expect(decide({ requires, caller, refused })).toBe(expected);
});

const OWN = { "sec-fetch-site": "same-origin" };
const OWN_ORIGIN = { origin: "http://127.0.0.1:3000" };
test.each<[string, Caller, boolean, AccessRequest["headers"], string]>([
  ["a page's button", "session", true, OWN, "ok"],
  ["the same over plain HTTP on another host", "session", true, OWN_ORIGIN, "ok"],
  ["a page's button without its token", "session", false, OWN, "token"],
  ["the same over plain HTTP", "session", false, OWN_ORIGIN, "token"],
  ["a stolen cookie without a page", "session", false, {}, "token"],
  ["another site", "session", true, { "sec-fetch-site": "cross-site" }, "foreign"],
  [
    "another site that claims to be ours",
    "session",
    true,
    { "sec-fetch-site": "cross-site", ...OWN_ORIGIN },
    "foreign",
  ],
  ["another port of this machine", "session", true, { "sec-fetch-site": "same-site" }, "foreign"],
  ["the same in an old browser", "session", true, { origin: "http://127.0.0.1:4000" }, "foreign"],
  ["an address that was typed", "session", true, { "sec-fetch-site": "none" }, "foreign"],
  ["a sandboxed frame", "session", true, { origin: "null" }, "foreign"],
  ["nonsense", "session", true, { origin: "nonsense" }, "foreign"],
  ["a script with the password", "password", false, {}, "ok"],
  ["a browser that sends the password by itself", "password", false, OWN, "token"],
  ["… with the page's token", "password", true, OWN, "ok"],
  ["… for another site", "password", false, { "sec-fetch-site": "cross-site" }, "foreign"],
  ["the metrics token", "metrics-token", true, {}, "sign-in"],
  ["a stranger", null, true, OWN, "sign-in"],
])("a change by %s", (_name, caller, hasToken, headers, expected) => {
  expect(decide({ method: "PUT", caller, hasToken, headers })).toBe(expected);
  expect(decide({ method: "POST", caller, hasToken, headers })).toBe(expected);
});

test("the sign-in form needs no token, and is not accepted from another site", () => {
  const form = { method: "POST", requires: "open", caller: null } as const;
  expect(decide({ ...form, headers: OWN })).toBe("ok");
  expect(decide({ ...form, headers: { "sec-fetch-site": "cross-site" } })).toBe("foreign");
});
