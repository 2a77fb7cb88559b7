import { expect, test } from "vitest";
import { offerIn } from "./credentials.ts";
import { accessKeys } from "./keys.ts";

const keys = accessKeys({ key: "k", password: "s3cret:with colon", metricsToken: "a-metrics-token!" });
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

test.each([
  [basic("anyone:s3cret:with colon"), "password"],
  [basic(":s3cret:with colon"), "password"],
  [basic("anyone:s3cret"), "wrong"],
  [basic("a:"), "wrong"],
  [basic("s3cret:with colon"), "wrong"],
  [basic("no colon"), "wrong"],
  ["Basic ", "wrong"],
  ["Bearer s3cret:with colon", "wrong"],
  ["Bearer a-metrics-token!", "metrics-token"],
  ["bearer a-metrics-token!", "metrics-token"],
  ["Bearer a-metrics-token", "wrong"],
  [basic("x:a-metrics-token!"), "wrong"],
  ["", "wrong"],
  [undefined, "none"],
])("Authorization %s → %s", (authorization, expected) => {
  expect(offerIn(authorization, keys)).toBe(expected);
});

test("without a metrics token, no bearer token is accepted", () => {
  const none = accessKeys({ key: "k", password: "p", metricsToken: null });
  for (const token of ["null", "p", "a-metrics-token!"]) expect(offerIn(`Bearer ${token}`, none)).toBe("wrong");
});
