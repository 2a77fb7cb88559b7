import { expect, test } from "vitest";
import { judgeAccess, type AccessRequest } from "./judge.ts";

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
const open = { loopback: true, password: null };
const locked = { loopback: false, password: "s3cret:with colon" };

const status = (request: Partial<AccessRequest>, rules: typeof open | typeof locked) => {
  const verdict = judgeAccess({ method: "GET", open: false, headers: {}, ...request }, rules);
  return verdict.ok ? 200 : verdict.status;
};

test.each([
  ["127.0.0.1:3000", 200],
  ["127.8.9.1", 200],
  ["localhost:80", 200],
  ["LOCALHOST", 200],
  ["[::1]:3000", 200],
  ["evil.example:3000", 403],
  ["localhost.evil.example", 403],
  ["127.0.0.1.evil.example", 403],
  ["[::2]:3000", 403],
  ["localhost@evil.example", 403],
  ["", 403],
  [undefined, 403],
])("on loopback, Host %s → %i", (host, expected) => {
  expect(status({ headers: host === undefined ? {} : { host } }, open)).toBe(expected);
});

test.each([
  [basic("anyone:s3cret:with colon"), 200],
  [basic(":s3cret:with colon"), 200],
  [basic("anyone:s3cret"), 401],
  [basic("s3cret:with colon"), 401],
  [basic("no colon"), 401],
  ["Basic ", 401],
  ["Bearer s3cret:with colon", 401],
  [undefined, 401],
])("Authorization %s → %i", (authorization, expected) => {
  const headers = { host: "pi.local:3000", ...(authorization === undefined ? {} : { authorization }) };
  expect(status({ headers }, locked)).toBe(expected);
  expect(status({ headers, open: true }, locked)).toBe(200);
});

test("an empty password in the header is not the password", () => {
  expect(status({ headers: { host: "pi.local", authorization: basic("a:") } }, locked)).toBe(401);
});

test.each([
  [{}, 200],
  [{ "sec-fetch-site": "same-origin" }, 200],
  [{ "sec-fetch-site": "cross-site", origin: "http://127.0.0.1:3000" }, 403],
  [{ "sec-fetch-site": "same-site" }, 403],
  [{ "sec-fetch-site": "none" }, 403],
  [{ origin: "http://127.0.0.1:3000" }, 200],
  [{ origin: "http://127.0.0.1:4000" }, 403],
  [{ origin: "http://evil.example" }, 403],
  [{ origin: "null" }, 403],
  [{ origin: "nonsense" }, 403],
])("a PUT with %o → %i, a GET always passes", (extra, expected) => {
  const headers = { host: "127.0.0.1:3000", ...extra };
  expect(status({ method: "PUT", headers }, open)).toBe(expected);
  expect(status({ method: "GET", headers }, open)).toBe(200);
});
