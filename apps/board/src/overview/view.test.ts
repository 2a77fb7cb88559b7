import { readFileSync } from "node:fs";
import { logged } from "@tac8/core/testing/formerEvents.fixture";
import { expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { applyPatch, parseIssueState } from "@tac8/core/state/issueState";
import { layout } from "../pages/layout.ts";
import type { FinishedJob, LaterJob, OverviewSnapshot } from "./overviewSnapshot.ts";
import { drawParts, overview, type OverviewContext } from "./view.ts";

const NOW = Date.parse("2026-11-22T03:10:00Z");
const EVIL = `<script>alert(1)</script>"'\u001B[31m`;
const EVIL_TEXT = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;";
const ID = "octo.hello.471";

const MACHINE = { freeMemoryMb: 900, totalMemoryMb: 4096, freeDiskGb: 20, loadPerCore: 0.4, temperatureC: 51 };
const record = parseIssueState({});
const job = { id: ID, title: "Say hello", priority: 2, queuedAt: NOW - 60_000 };
const later: LaterJob = {
  ...job,
  due: NOW + 600_000,
  record: applyPatch(record, { state: "retrying", "end.reason": "GitHub: 502" }),
};
const finished: FinishedJob = {
  ...job,
  at: NOW - 300_000,
  outcome: "pr",
  reason: null,
  prUrl: "https://github.com/Octo/Hello/pull/501",
  record: applyPatch(record, {
    "pull.number": 501,
    "agent.usage": { ...NO_USAGE, costUsd: 0.42, durationMs: 125_000 },
  }),
};
const run = {
  issue: ID,
  title: "Say hello",
  run: "r1",
  slot: "pi-1/0",
  phase: "work" as const,
  since: NOW - 840_000,
  last: { at: NOW - 3000, kind: "tool", text: "Bash: npm test" },
  tokens: 12_345,
  costUsd: 0.31,
};
const runner = { name: "pi-1", at: NOW, host: "pi-1", pid: 1, slots: 2, busy: 1, machine: MACHINE, runs: [run] };
const SNAPSHOT: OverviewSnapshot = {
  snapshot: {
    scheduler: { at: NOW, lastPollAt: NOW - 12_000, error: null },
    runners: [runner],
    offline: [],
    queue: { waiting: 1234, active: 1, delayed: 1, completed: 2, failed: 3, paused: false },
    holds: [],
    events: [],
    totals: {},
    today: { "outcome|pr": 3, "cost|sonnet": 1_500_000 },
    ends: [],
    memory: { used: 1, max: 0, policy: "noeviction" },
    writesToDisk: true,
    evaluation: null,
    probing: false,
  },
  next: [job],
  later: [later],
  finished: [finished],
  charts: {
    at: NOW,
    days: [{ day: "2026-11-22", counts: { "outcome|pr": 3, "pr|at|600": 3, "cost|sonnet": 1_500_000 } }],
    samples: [{ at: NOW - 60_000, waiting: 7, active: 1, delayed: 0, slots: 2, hosts: { "pi-1": MACHINE } }],
  },
};
const CONTEXT: OverviewContext = {
  repositories: [{ owner: "Octo", repo: "Hello", issueLabel: "rpi-auto" }],
  apiUrl: "https://api.github.com",
  health: { level: "ok", reasons: [] },
  now: NOW,
};

const show = (change: Partial<OverviewSnapshot> = {}, context: Partial<OverviewContext> = {}) =>
  overview(drawParts({ ...SNAPSHOT, ...change }, { ...CONTEXT, ...context })).text;

test("shows the overall status and what runs, waits and ended", () => {
  const page = show();
  const wanted = [">OK</h1>", "1 of 2 slots busy", "GitHub polled", "Bash: npm test", "14 min", "12.3k tokens"];
  const ended = [
    "PR #501",
    "2 min 5 s of agent time · $0.42",
    "retrying",
    "GitHub: 502",
    "1,234",
    "starting now",
    "$1.50",
  ];
  for (const text of [...wanted, ...ended]) expect(page).toContain(text);
  expect(page).toContain('action="/issues/Octo/Hello/471/stop?from=overview"');
  expect(page).toContain('href="/issues/Octo/Hello/471"');
  expect(page).toContain('<desc id="chart-issues-d">');
});

test("holds show until when they last, and which of them a user can end; problems are first", () => {
  const hold = { name: "usage-limit", reason: "limit reached", by: "runner pi-1/0", since: NOW, until: NOW + 600_000 };
  const holds = [hold, { ...hold, name: "operator", until: null }];
  const snapshot = { ...SNAPSHOT.snapshot, holds, queue: { ...SNAPSHOT.snapshot.queue, paused: true } };
  const reason = { level: "critical" as const, code: "x", text: "no runner is running", action: null, host: null };
  const page = show({ snapshot }, { health: { level: "critical", reasons: [reason] } });
  for (const text of [
    "no new jobs start",
    "in 10 min",
    "until it is resumed",
    "closed: hold usage-limit: limit reached, paused by",
  ]) {
    expect(page).toContain(text);
  }
  expect(page).toContain('action="/resume"');
  expect(page).not.toContain('action="/pause"');
  expect(page.indexOf("no runner is running")).toBeLessThan(page.indexOf("Usage limit"));
});

test("waiting jobs show that no runner accepts new jobs, for any cause", () => {
  const paused = { by: "ann@pi", reason: "lunch", since: NOW };
  const resting = (runners: OverviewSnapshot["snapshot"]["runners"]) =>
    show({ snapshot: { ...SNAPSHOT.snapshot, runners } });
  expect(resting([{ ...runner, paused }])).toContain("no runner accepts new jobs: paused by ann@pi");
  expect(resting([{ ...runner, tired: "too hot" }])).toContain("no runner accepts new jobs: too hot");
  expect(resting([{ ...runner, paused }, runner])).toContain("starting now");
});

test("runners show their labels, and a deferred job shows the reason why it waits", () => {
  const snapshot = { ...SNAPSHOT.snapshot, runners: [{ ...runner, labels: ["big"] }] };
  expect(show({ snapshot })).toContain(" · labels big");
  const waits: LaterJob = { ...later, record: applyPatch(record, { state: "queued", "job.hold": "runs-on:big" }) };
  expect(show({ later: [waits] })).toContain("waiting for a runner with the label big");
});

test("a question links to the issue on which it can be answered", () => {
  const asked: LaterJob = {
    ...later,
    record: applyPatch(record, { state: "blocked", "question.text": "One or two?" }),
  };
  const page = show({ later: [asked] });
  expect(page).toContain("One or two?");
  expect(page).toContain('href="https://github.com/Octo/Hello/issues/471"');
});

test("text of other users is escaped, without terminal codes", () => {
  const event = { id: EVIL, at: "x", issue: EVIL, from: "", to: "note", by: EVIL, reason: EVIL } as const;
  const evilRun = { ...run, issue: EVIL, title: EVIL, slot: EVIL, last: { at: NOW, kind: EVIL, text: EVIL } };
  const evilRunner = { ...runner, name: EVIL, host: EVIL, tired: EVIL, slots: 1e9, busy: -1, runs: [evilRun] };
  const evilJob = { ...job, id: EVIL, title: EVIL };
  const evilRecord = applyPatch(record, { state: "blocked" as const, "end.reason": EVIL, "question.text": EVIL });
  const snapshot = {
    ...SNAPSHOT.snapshot,
    runners: [evilRunner],
    holds: [{ name: EVIL, reason: EVIL, by: EVIL, since: Number.NaN, until: 9e15 }],
    events: [logged({ ...event, evidence: { pr: EVIL } })],
  };
  const hosts = { [EVIL]: MACHINE };
  const charts = { ...SNAPSHOT.charts, samples: SNAPSHOT.charts.samples.map((sample) => ({ ...sample, hosts })) };
  const ended = { ...finished, ...evilJob, outcome: EVIL, reason: EVIL, prUrl: `javascript:${EVIL}` };
  const waits = { ...later, ...evilJob, record: evilRecord };
  const health = {
    level: "warning" as const,
    reasons: [{ level: "warning" as const, code: "", text: EVIL, action: null, host: null }],
  };
  const page = show({ snapshot, next: [evilJob], later: [waits], finished: [ended], charts }, { health });
  expect(page).not.toContain("<script");
  expect(page).not.toContain("\u001B");
  expect(page).not.toContain("javascript:");
  expect(page.split(EVIL_TEXT).length).toBeGreaterThan(20);
});

test("the first page is below 100 kB with everything that it loads, even when tac8 is busy", () => {
  const many = <T>(count: number, item: (n: number) => T) => Array.from({ length: count }, (_, n) => item(n));
  const title = "A title as long as people write them when they describe a problem";
  const runs = many(3, (n) => ({ ...run, title, issue: `octo.hello.${n}` }));
  const snapshot = { ...SNAPSHOT.snapshot, runners: many(20, (n) => ({ ...runner, name: `runner-${n}`, runs })) };
  const some = (n: number) => ({ ...job, title, id: `octo.hello.${n}` });
  const days = many(14, (n) => ({ day: `2026-11-${10 + n}`, counts: SNAPSHOT.charts.days[0]?.counts ?? {} }));
  const hosts = Object.fromEntries(many(20, (n) => [`runner-${n}`, MACHINE]));
  const samples = many(288, (n) => ({
    at: NOW - n * 300_000,
    waiting: n,
    active: n % 7,
    delayed: n % 5,
    slots: 3,
    hosts,
  }));
  const change = {
    snapshot,
    next: many(10, some),
    later: many(20, (n) => ({ ...later, ...some(n) })),
    finished: many(10, (n) => ({ ...finished, ...some(n) })),
    charts: { at: NOW, days, samples: samples.toReversed() },
  };
  const body = overview(drawParts({ ...SNAPSHOT, ...change }, CONTEXT));
  const page = layout({ title: "Overview", body, live: "/events", refresh: 5 }).text;
  const script = readFileSync(new URL("../../client/live.js", import.meta.url), "utf8");
  expect(Buffer.byteLength(page) + Buffer.byteLength(script)).toBeLessThan(100_000);
});

fieldTest("F8", "the event of a pull request links to it by the number that the runner records", () => {
  const event = { id: "1-0", at: new Date(NOW).toISOString(), issue: ID, from: "running", to: "pr" } as const;
  const events = [logged({ ...event, by: "runner pi-1/0", reason: "done", evidence: { pr: 501 } })];
  const drawn = drawParts({ ...SNAPSHOT, snapshot: { ...SNAPSHOT.snapshot, events } }, CONTEXT).events.text;
  expect(drawn).toContain('href="https://github.com/Octo/Hello/pull/501"');
});

fieldTest("E12", "a question that waits for a user is the heading, instead of OK", () => {
  const asks = {
    ...later,
    record: applyPatch(record, { state: "blocked" as const, "question.text": "Red or green?" }),
  };
  const { status } = drawParts({ ...SNAPSHOT, later: [asks] }, CONTEXT);
  expect(status.text).toContain("1 question for you");
  expect(status.text).not.toContain(">OK</h1>");
});
