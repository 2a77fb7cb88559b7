import { expect, test } from "vitest";
import type { LoggedEvent } from "@tac8/core/state/events";
import type { OverviewSnapshot } from "./read.ts";
import { overview, type OverviewContext } from "./view.ts";

const NOW = Date.parse("2026-11-22T03:10:00Z");
const EVIL = `<img src=x onerror=alert(1)>"'`;

const EVENT: LoggedEvent = {
  id: "1-0",
  at: "2026-11-22T03:09:00.000Z",
  issue: "octo.hello.471",
  from: "running",
  to: "pr",
  by: "runner pi-1/0",
  reason: "all green",
  evidence: { prUrl: "https://github.com/Octo/Hello/pull/501" },
};
const SNAPSHOT: OverviewSnapshot = {
  health: {
    redis: true,
    scheduler: { at: NOW, lastPollAt: NOW - 12_000, error: null },
    runners: [{ name: "pi-1", at: NOW, host: "raspberrypi", pid: 1, slots: 3, busy: 1 }],
    pollIntervalSeconds: 30,
  },
  counts: { waiting: 1234, active: 1, delayed: 0, completed: 2, failed: 3 },
  paused: false,
  holds: [],
  events: [EVENT],
};
const CONTEXT: OverviewContext = {
  repositories: [{ owner: "Octo", repo: "Hello", issueLabel: "rpi-auto" }],
  apiUrl: "https://api.github.com",
  now: NOW,
};

const show = (change: Partial<OverviewSnapshot> = {}) => overview({ ...SNAPSHOT, ...change }, CONTEXT).text;

test("shows counts, runners, events and links in the configuration's spelling", () => {
  const page = show();
  for (const text of ["1,234", "polled 12 s ago", "1 of 3 busy", "raspberrypi", "all green", "1 min ago"]) {
    expect(page).toContain(text);
  }
  for (const link of ["Octo/Hello/issues/471", "Octo/Hello/issues", "Octo/Hello/pull/501"]) {
    expect(page).toContain(`href="https://github.com/${link}"`);
  }
  expect(page).toContain('href="/queues"');
  expect(page).not.toContain("paused");
});

test("says why nothing starts, and until when", () => {
  const hold = { name: "usage-limit", reason: "limit reached", by: "runner pi-1/0", since: NOW, until: NOW + 600_000 };
  const page = show({ paused: true, holds: [hold, { ...hold, name: "operator", until: null }] });
  for (const text of ["The queue is paused", "limit reached", "in 10 min", "until it is taken away"]) {
    expect(page).toContain(text);
  }
});

test("what others wrote stays text", () => {
  const event = { ...EVENT, issue: EVIL, reason: EVIL, by: EVIL, evidence: { prUrl: `javascript:${EVIL}` } };
  const hold = { name: EVIL, reason: EVIL, by: EVIL, since: Number.NaN, until: 9e15 };
  const runners = [{ name: EVIL, host: EVIL, at: NOW, pid: 1, slots: 1e9, busy: -1 }];
  const scheduler = { at: NOW, lastPollAt: null, error: EVIL };
  const page = show({
    events: [event],
    holds: [hold],
    health: { ...SNAPSHOT.health, runners, scheduler },
  });
  expect(page).not.toContain("<img");
  expect(page).not.toContain("javascript:");
  expect(page.match(/&lt;img/g)?.length).toBeGreaterThan(7);
  expect(page.length).toBeLessThan(20_000);
});
