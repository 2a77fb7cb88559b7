import { expect, test } from "vitest";
import { isSafeRoute, safeActionOf } from "./actions.ts";

test.each([
  ["PUT", "/api/queues/issues/octo.hello.471/retry", { action: "retry", jobId: "octo.hello.471" }],
  ["PUT", "/api/queues/issues/octo.a%2Eb.471/promote", { action: "promote", jobId: "octo.a.b.471" }],
  ["PUT", "/api/queues/issues/retry/failed", { action: "retry-all-failed" }],
  ["PUT", "/api/queues/issues/retry/completed", null],
  ["PUT", "/api/queues/issues/empty", null],
  ["PUT", "/api/queues/issues/EMPTY", null],
  ["PUT", "/api/queues/issues/obliterate", null],
  ["PUT", "/api/queues/issues/obliterate/", null],
  ["PUT", "/api/queues/issues/promote", null],
  ["PUT", "/api/queues/issues/pause", null],
  ["PUT", "/api/queues/pause", null],
  ["PUT", "/api/queues/issues/clean/wait", null],
  ["PUT", "/api/queues/issues/clean/retry", null],
  ["PUT", "/api/queues/issues/clean/promote", null],
  ["PUT", "/api/queues/issues/octo.hello.471/clean", null],
  ["PUT", "/api/queues/other/octo.hello.471/retry", null],
  ["PUT", "/api/queues/issues/octo.hello.471%/retry", null],
  ["PATCH", "/api/queues/issues/octo.hello.471/update-data", null],
  ["POST", "/api/queues/issues/add", null],
  ["DELETE", "/api/queues/issues/octo.hello.471/retry", null],
])("%s %s → %o", (method, path, expected) => {
  expect(safeActionOf(method, path)).toEqual(expected);
});

test("Bull Board's route names: reading, retry and promote of one job are safe", () => {
  expect(isSafeRoute({ method: "get", route: "/api/queues" })).toBe(true);
  expect(isSafeRoute({ method: "put", route: "/api/queues/:queueName/:jobId/retry" })).toBe(true);
  expect(isSafeRoute({ method: "put", route: "/api/queues/:queueName/obliterate" })).toBe(false);
  expect(isSafeRoute({ method: "put", route: "/api/queues/:queueName/promote" })).toBe(false);
});
