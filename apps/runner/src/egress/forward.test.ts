import { expect, test } from "vitest";
import { isReadWithBody, passedHeaders } from "./forward.ts";

test("`Connection` removes the headers that it lists, but never the length, the encoding or the host", () => {
  const headers = {
    connection: "x-hop, Content-Length, transfer-encoding, host",
    "x-hop": "1",
    "content-length": "5",
    host: "api.example",
  };
  expect(passedHeaders({ headers })).toEqual({ "content-length": "5", host: "api.example", connection: "close" });
});

test.each([
  ["GET", { "content-length": "5" }, true],
  ["HEAD", { "transfer-encoding": "chunked" }, true],
  ["GET", { "content-length": "0" }, false],
  ["GET", {}, false],
  ["POST", { "content-length": "5" }, false],
] as const)("%s with %j has a body that is refused: %s", (method, headers, expected) => {
  expect(isReadWithBody({ method, headers })).toBe(expected);
});
