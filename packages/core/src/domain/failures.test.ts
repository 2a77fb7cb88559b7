import { describe, expect, it } from "vitest";
import { afterFailure, FAILURE_KINDS, StepFailure, type Failure, type FailureKind } from "./failures.ts";

const NOW = Date.UTC(2026, 10, 22);
const MIN = 60_000;
const COUNTS = { made: 0, max: 10, parked: 0, noChanges: 0 };

function after(failure: Partial<Failure> & { kind: FailureKind }, counts: Partial<typeof COUNTS> = {}, factor = 1) {
  return afterFailure({ message: "m", ...failure }, { ...COUNTS, ...counts }, factor, NOW);
}

function delays(kind: FailureKind, count: "made" | "parked"): number[] {
  return [0, 1, 2, 3, 4].map((n) => {
    const next = after({ kind }, { [count]: n });
    if (next.do === "fail") throw new Error("failed");
    return next.delayMs / MIN;
  });
}

describe("what follows a failure", () => {
  it.each([
    ["startup", [5, 10, 20, 20, 20]],
    ["agent", [1, 2, 4, 4, 4]],
    ["timeout", [1, 2, 4, 4, 4]],
    ["stalled", [1, 2, 4, 4, 4]],
    ["out-of-memory", [1, 2, 4, 4, 4]],
    ["process-limit", [1, 2, 4, 4, 4]],
    ["disk-full", [1, 2, 4, 4, 4]],
    ["git", [1, 1, 1, 1, 1]],
  ] as const)("%s uses an attempt and waits %j min", (kind, minutes) => {
    expect(after({ kind }).do).toBe("retry");
    expect(delays(kind, "made")).toEqual(minutes);
    expect(after({ kind }, { made: 1, max: 3 }).do).toBe("retry");
    expect(after({ kind }, { made: 2, max: 3 }).do).toBe("fail");
  });

  it.each([
    ["usage-limit", [5, 15, 30, 60, 60]],
    ["auth", [15, 15, 15, 15, 15]],
    ["model", [1, 2, 5, 10, 15]],
    ["github", [1, 2, 5, 10, 10]],
    ["disk", [2, 5, 10, 15, 15]],
  ] as const)("%s uses none, however many were made, and waits %j min", (kind, minutes) => {
    expect(after({ kind }, { made: 9, max: 3 }).do).toBe("park");
    expect(delays(kind, "parked")).toEqual(minutes);
  });

  it.each([
    ["usage-limit", { name: "usage-limit", until: NOW + 5 * MIN }],
    ["auth", { name: "auth", until: NOW + 15 * MIN }],
    ["model", { name: "model", until: NOW + MIN }],
    ["github", null],
  ] as const)("%s asks for the hold %o", (kind, hold) => {
    expect(after({ kind })).toMatchObject({ do: "park", hold });
  });

  it("no-changes is retried once, then ends", () => {
    expect(after({ kind: "no-changes" })).toEqual({ do: "retry", delayMs: 0 });
    expect(after({ kind: "no-changes" }, { noChanges: 1 })).toEqual({ do: "fail" });
  });

  it("refused ends, but a refusal of the whole repository holds that repository", () => {
    expect(after({ kind: "refused" })).toEqual({ do: "fail" });
    expect(after({ kind: "refused", wholeRepository: true })).toMatchObject({
      do: "park",
      delayMs: 15 * MIN,
      hold: { name: "repository", until: NOW + 15 * MIN },
    });
  });

  it("lost ends: the caller has counted three in a row", () => {
    expect(after({ kind: "lost" })).toEqual({ do: "fail" });
  });

  it.each(["usage-limit", "github"] as const)("%s waits until the given time, 6 h at most", (kind) => {
    expect(after({ kind, until: NOW + 42_000 })).toMatchObject({ do: "park", delayMs: 42_000 });
    expect(after({ kind, until: NOW + 100 * 60 * MIN })).toMatchObject({ delayMs: 360 * MIN });
  });

  it.each(["usage-limit", "github"] as const)("%s with a time in the past waits as if no time was given", (kind) => {
    for (const until of [NOW, NOW - 1, 0]) {
      expect(after({ kind, until }, { parked: 1 })).toEqual(after({ kind }, { parked: 1 }));
    }
  });

  it.each(["usage-limit", "github"] as const)(
    "%s with a time that is always near is asked less and less often",
    (kind) => {
      const until = NOW + 1000;
      expect(after({ kind, until })).toMatchObject({ delayMs: 1000 });
      const waits = [1, 2, 3, 4].map((parked) => after({ kind, until }, { parked }));
      expect(waits).toEqual([0, 1, 2, 3].map((parked) => after({ kind }, { parked })));
      // A later time counts, regardless of the former ones.
      expect(after({ kind, until: NOW + 2 * MIN }, { parked: 4 })).toMatchObject({ delayMs: 2 * MIN });
    },
  );

  it("waits by the factor, but never less than the given time", () => {
    expect(after({ kind: "agent" }, {}, 0.01)).toMatchObject({ delayMs: 600 });
    expect(after({ kind: "github" }, {}, 0.01)).toMatchObject({ delayMs: 600 });
    expect(after({ kind: "github", until: NOW + 5000 }, {}, 0.01)).toMatchObject({ delayMs: 5000 });
  });

  it.each(FAILURE_KINDS)("%s is finite and in the future for any counts", (kind) => {
    for (const made of [0, 1, 100]) {
      const next = after({ kind }, { made, max: 1000, parked: made });
      const delayMs = next.do === "fail" ? 0 : next.delayMs;
      expect(Number.isFinite(delayMs) && delayMs >= 0).toBe(true);
    }
  });
});

it("a StepFailure is an error that carries its failure", () => {
  const cause = new Error("inner");
  const error = new StepFailure({ kind: "git", message: "the base is missing" }, { cause });
  expect(error).toMatchObject({ message: "the base is missing", failure: { kind: "git" }, cause });
});
