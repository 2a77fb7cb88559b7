import { expect, test } from "vitest";

import { classify, type ApiResponse } from "./classify.ts";

const now = 1_800_000_000_000;
const reset = (seconds: number) => ({
  "x-ratelimit-remaining": "0",
  "x-ratelimit-reset": String(now / 1000 + seconds),
});

const at = (seconds: number) => new Date(now + seconds * 1000).toUTCString();

test.each<[number | null, ApiResponse["headers"], string, string, number | null]>([
  [null, {}, "socket hang up", "unavailable", null],
  [500, {}, "", "unavailable", null],
  [503, { "retry-after": "7" }, "", "unavailable", now + 7000],
  [408, {}, "", "unavailable", null],
  [304, {}, "", "unavailable", null],
  [401, {}, "Bad credentials", "unauthorized", null],
  [403, {}, "Resource not accessible by personal access token", "forbidden", null],
  [403, { "x-ratelimit-remaining": "12" }, "", "forbidden", null],
  [403, reset(90), "API rate limit exceeded", "rate-limit", now + 90_000],
  [403, reset(-90), "the clocks differ", "rate-limit", now + 1000],
  [403, reset(1e9), "nonsense", "rate-limit", now + 7_200_000],
  [403, { "retry-after": "30" }, "", "rate-limit", now + 30_000],
  [403, { ...reset(90), "retry-after": "30" }, "", "rate-limit", now + 30_000],
  [403, {}, "You have exceeded a secondary rate limit", "rate-limit", now + 60_000],
  [403, { "retry-after": "soon" }, "secondary rate limit", "rate-limit", now + 60_000],
  [429, {}, "", "rate-limit", now + 60_000],
  [429, { "x-ratelimit-remaining": 0, "x-ratelimit-reset": now / 1000 + 5 }, "", "rate-limit", now + 5000],
  [451, {}, "", "forbidden", null],
  [404, {}, "", "not-found", null],
  [410, {}, "", "removed", null],
  [301, {}, "", "removed", null],
  [307, {}, "", "removed", null],
  [409, {}, "", "invalid", null],
  [422, {}, "Validation Failed", "invalid", null],
  [422, {}, "Validation Failed: was submitted too quickly", "rate-limit", now + 60_000],
  [422, { "retry-after": "30" }, "Validation Failed: was submitted too quickly", "rate-limit", now + 30_000],
  [403, { ...reset(90), date: at(0) }, "the clocks agree", "rate-limit", now + 90_000],
  [403, { ...reset(90), date: at(-3600) }, "ours is an hour ahead", "rate-limit", now + 3_690_000],
  [403, { ...reset(-60), date: at(-120) }, "ours is two minutes ahead", "rate-limit", now + 60_000],
  [403, { ...reset(90), date: at(3600) }, "ours is an hour behind", "rate-limit", now + 1000],
  [403, { ...reset(90), date: "yesterday" }, "no time at all", "rate-limit", now + 90_000],
  [403, { ...reset(90), date: at(-90_000) }, "an answer of the day before", "rate-limit", now + 90_000],
])("%s %j %s → %s", (status, headers, message, kind, retryAt) => {
  expect(classify({ status, headers, message, now })).toEqual({ kind, retryAt });
});
