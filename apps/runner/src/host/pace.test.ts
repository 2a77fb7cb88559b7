import { expect, test } from "vitest";
import type { Reason } from "@tac8/core/domain/healthLevels";
import { VERDICT_GONE_MS } from "@tac8/core/state/healthVerdict";
import { paceOf } from "./pace.ts";

const NOW = 1_764_000_000_000;
const slow = (host: string | null, code = "failures"): Reason => ({
  level: "degraded",
  code,
  text: `${code} is wrong`,
  action: "slow",
  host,
});
const none = (code: string): Reason => ({ ...slow(null, code), action: null });
const verdict = (reasons: readonly Reason[], at = NOW) => ({
  level: "degraded" as const,
  reasons,
  at,
  since: NOW,
  calmSince: null,
});

test.each([
  ["nothing was told", null, 4, [4, false]],
  ["nothing that slows", verdict([none("no-runner")]), 4, [4, false]],
  ["everybody is slowed", verdict([slow(null)]), 4, [2, false]],
  ["an odd number of slots", verdict([slow(null)]), 3, [1, false]],
  ["one slot", verdict([slow(null)]), 1, [1, false]],
  ["our machine", verdict([slow("pi-1", "memory:pi-1")]), 4, [2, false]],
  ["our disk", verdict([slow("pi-1", "disk:pi-1")]), 4, [2, true]],
  ["another machine's disk", verdict([slow("pi-2", "disk:pi-2")]), 4, [4, false]],
  ["told 28 s ago, by a clock a minute behind", verdict([slow(null)], NOW - 88_000), 4, [2, false]],
  ["told just in time", verdict([slow(null)], NOW - VERDICT_GONE_MS), 4, [2, false]],
  ["told by a scheduler that is gone", verdict([slow(null)], NOW - VERDICT_GONE_MS - 1), 4, [4, false]],
])("%s", (_name, told, slots, expected) => {
  const { limit, clearUp } = paceOf({ verdict: told, host: "pi-1", slots, now: NOW });
  expect([limit, clearUp]).toEqual(expected);
});
