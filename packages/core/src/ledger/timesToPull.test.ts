import { expect } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { logged } from "../testing/formerEvents.fixture.ts";
import { countEvents } from "./count.ts";
import { timeToPull } from "./timesToPull.ts";

const pull = (ms: number) =>
  logged({
    id: "1-0",
    at: "2026-11-22T10:00:00Z",
    issue: "octo.hello.1",
    from: "running",
    to: "pr",
    by: "runner pi-1/0",
    reason: "",
    evidence: { sinceBegunMs: ms },
  });
const dayOf = (...ms: number[]) => countEvents(ms.map(pull), () => "day").days["day"] ?? {};

fieldTest("E7", "the board's time to pull request is the one that was measured, as in the report", () => {
  expect(timeToPull(dayOf(10_000), 0.5)).toBe(10_000);
  const tenths = dayOf(...Array.from({ length: 10 }, (_, index) => (index + 1) * 60_000));
  expect([timeToPull(tenths, 0.5), timeToPull(tenths, 0.9)]).toEqual([300_000, 540_000]);
  expect(timeToPull(dayOf(90_061_234), 0.9)).toBe(90_100_000);
  expect(timeToPull({}, 0.5)).toBeNull();
});

fieldTest("E7", "a day has a bounded number of such fields, and the totals have none", () => {
  const events = Array.from({ length: 20_000 }, (_, index) => pull(index * 1000));
  const { days, totals } = countEvents(events, () => "day");
  const named = (counts: object) => Object.keys(counts).filter((field) => field.startsWith("pr|at|")).length;
  expect(named(days["day"] ?? {})).toBeLessThan(2100);
  expect(named(totals)).toBe(0);
});
