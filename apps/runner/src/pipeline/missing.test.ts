import { expect, test } from "vitest";
import { planMissing } from "./missing.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-22T12:00:00Z");
const ago = (hours: number) => new Date(NOW - hours * HOUR).toISOString();
const begun = (at: string) => [{ n: 1, run: "r", runner: "pi/0", at, session: "s" }];
const plan = (
  workedAt: string | null,
  { home = "theirs", runs = [] as ReturnType<typeof begun>, again = null as string | null } = {},
) =>
  planMissing(
    { agent: { sessionHome: home, runs }, work: { finishedAt: workedAt }, round: { queuedAt: again } },
    { homeId: "ours", now: NOW },
  );

test("another runner's finished work is waited for, for a day since it was finished", () => {
  expect(plan(ago(23))).toMatchObject({ do: "wait", until: NOW + HOUR });
  expect(plan(ago(23)).reason).toMatch(/until 2026-11-22T13:00:00/);
});

test.each([
  ["24 hours later", ago(24)],
  ["where nobody knows when that was", null],
  ["where the time is none", "soon"],
])("a lost disk is waited for no longer: %s", (_when, workedAt) => {
  expect(plan(workedAt)).toMatchObject({
    do: "again",
    reason: expect.stringContaining("was unreachable for a day") as string,
  });
});

test("work of an older tac8, which did not say when it was finished, counts from its agent's start", () => {
  expect(plan(null, { runs: begun(ago(2)) })).toMatchObject({ do: "wait", until: NOW + 22 * HOUR });
  expect(plan(null, { runs: begun(ago(25)) }).do).toBe("again");
});

test("work that is to be published days later is waited for from then on", () => {
  expect(plan(ago(200), { again: ago(1) })).toMatchObject({ do: "wait", until: NOW + 23 * HOUR });
  expect(plan(ago(200), { again: ago(25) }).do).toBe("again");
  expect(plan(ago(1), { again: ago(30) })).toMatchObject({ do: "wait", until: NOW + 23 * HOUR });
});

test("what is gone from our own disk is not waited for", () => {
  expect(plan(ago(0), { home: "ours" })).toMatchObject({ do: "again" });
});
