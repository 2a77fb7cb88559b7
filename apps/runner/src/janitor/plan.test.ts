import { expect, test } from "vitest";
import { planJanitor, type IssueUse, type Item, type ItemKind } from "./plan.ts";

const DAY = 24 * 3_600_000;
const NOW = 1000 * DAY;
const LIMITS = { workspacesMs: 14 * DAY, logsMs: 30 * DAY, minFreeBytes: 2e9 };
const ENDED: IssueUse = { use: "ended", since: 0 };

function item(kind: ItemKind, daysOld: number, more: Partial<Item> = {}): Item {
  const own = kind === "incoming" ? { issue: null, run: "r" } : { issue: "octo.widgets.1", run: null };
  return { kind, paths: [`/${kind}/${daysOld}`], changedAt: NOW - daysOld * DAY, ...own, ...more };
}

function plan(
  items: readonly Item[],
  more: { use?: IssueUse; liveRuns?: Set<string> | null; freeBytes?: number } = {},
) {
  const { use = ENDED, liveRuns = new Set<string>(), freeBytes = 9e9 } = more;
  return planJanitor({ items, issues: new Map([["octo.widgets.1", use]]), liveRuns, freeBytes }, LIMITS, NOW);
}

test.each<[ItemKind, number, boolean]>([
  ["workspace", 13.9, false],
  ["workspace", 14, true],
  ["quarantined", 13.9, false],
  ["quarantined", 14, true],
  ["session", 14, true],
  ["prompt", 14, true],
  ["log", 14, false],
  ["log", 30, true],
  ["temporary", 0.04, false],
  ["temporary", 0.05, true],
  ["incoming", 0.04, false],
  ["incoming", 0.05, true],
])("a %s that is %d days old: due %s", (kind, days, due) => {
  const one = item(kind, days);
  expect(plan([one])).toEqual({ due: due ? [one] : [], spare: [], inUse: 0 });
});

test.each<[ItemKind, number]>([
  ["log", 119],
  ["workspace", 103],
])(
  "a %s of an issue without a record is removed if it was due 90 days ago, even if disk space is low",
  (kind, days) => {
    const use: IssueUse = { use: "unknown" };
    const [young, old] = [item(kind, days), item(kind, days + 1)];
    expect(plan([young, old], { use })).toMatchObject({ due: [old], spare: [] });
    const recent = item(kind, 89);
    expect(plan([recent], { use, freeBytes: 0 })).toEqual({ due: [], spare: [], inUse: 1 });
  },
);

test.each<[string, IssueUse, number]>([
  ["a live issue", { use: "live" }, 999],
  ["an issue that Redis does not know, for less than 90 days", { use: "unknown" }, 89],
])("nothing of %s is removed, even if disk space is low", (_, use, days) => {
  const all = (["workspace", "quarantined", "session", "prompt", "log", "temporary"] as const).map((kind) =>
    item(kind, days),
  );
  expect(plan(all, { use, freeBytes: 0 })).toEqual({ due: [], spare: [], inUse: 6 });
  expect(plan([item("workspace", 999, { issue: "other.one.1" })]).inUse).toBe(1);
});

test("days count from the issue's end, if that is later", () => {
  expect(plan([item("workspace", 100)], { use: { use: "ended", since: NOW - 2 * DAY } }).due).toEqual([]);
});

test("a throwaway repository of a live run stays, and all stay if the live runs are not known", () => {
  const left = item("incoming", 5);
  expect(plan([left], { liveRuns: new Set(["r"]) }).due).toEqual([]);
  expect(plan([left], { liveRuns: null, freeBytes: 0 })).toEqual({ due: [], spare: [], inUse: 1 });
});

test("low disk space removes more, oldest first", () => {
  const [young, older, old] = [item("log", 1), item("workspace", 3), item("log", 40)];
  expect(plan([young, older, old], { freeBytes: 1e9 })).toEqual({ due: [old], spare: [older, young], inUse: 0 });
  expect(plan([young, older, old]).spare).toEqual([]);
});
