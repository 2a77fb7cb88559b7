import { expect, test } from "vitest";
import { headerSecrets, parseHeaders } from "./headers.ts";

const TEXT = "X-Team: platform\nAuthorization: Bearer gw-canary-1\r\n  x-api-key : gw-canary-2 \nno header\nCookie:";

test("headers are lines of a name and a value", () => {
  expect(parseHeaders(TEXT)).toEqual({
    "x-team": "platform",
    authorization: "Bearer gw-canary-1",
    "x-api-key": "gw-canary-2",
    cookie: "",
  });
});

test("the value of a header that is named after a secret is one, without its scheme", () => {
  expect(headerSecrets(TEXT)).toEqual(["gw-canary-1", "gw-canary-2"]);
});
