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
    { dataFolderId: "ours", now: NOW },
  );

test("a job waits for another runner's finished work for a day after the work finished", () => {
  expect(plan(ago(23))).toMatchObject({ do: "wait", until: NOW + HOUR });
  expect(plan(ago(23)).reason).toMatch(/until 2026-11-22T13:00:00/);
});

test.each([
  ["24 hours later", ago(24)],
  ["at an unknown time", null],
  ["at an invalid time", "soon"],
])("a job does not wait for a lost disk: %s", (_when, workedAt) => {
  expect(plan(workedAt)).toMatchObject({
    do: "again",
    reason: expect.stringContaining("was unreachable for a day") as string,
  });
});

test("for work of an older version, which did not record when the work finished, the day begins at the agent's start", () => {
  expect(plan(null, { runs: begun(ago(2)) })).toMatchObject({ do: "wait", until: NOW + 22 * HOUR });
  expect(plan(null, { runs: begun(ago(25)) }).do).toBe("again");
});

test("for work that is published days later, the day begins when its publication is allowed", () => {
  expect(plan(ago(200), { again: ago(1) })).toMatchObject({ do: "wait", until: NOW + 23 * HOUR });
  expect(plan(ago(200), { again: ago(25) }).do).toBe("again");
  expect(plan(ago(1), { again: ago(30) })).toMatchObject({ do: "wait", until: NOW + 23 * HOUR });
});

test("a job does not wait for work that is missing from this runner's own disk", () => {
  expect(plan(ago(0), { home: "ours" })).toMatchObject({ do: "again" });
});
