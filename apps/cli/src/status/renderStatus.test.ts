import type { LoggedEvent } from "@tac8/core/domain/events";
import { logged } from "@tac8/core/testing/formerEvents.fixture";
import { sections as configSections } from "@tac8/core/config/schema";
import { evaluateHealth } from "@tac8/core/health/evaluate";
import type { OpenQuestion } from "@tac8/core/status/questions";
import type { Snapshot } from "@tac8/core/status/snapshot";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { expect, it } from "vitest";
import { widthOf } from "../terminal/text.ts";
import { monitorPage } from "./monitorPage.ts";
import { renderStatus, statusSections } from "./renderStatus.ts";
import { statusReport } from "./statusReport.ts";

const now = new Date(2026, 10, 22, 13, 5, 22).getTime();
const repositories = [{ owner: "Octo", repo: "Hello" }];
const machine = { freeMemoryMb: 2100, totalMemoryMb: 8000, freeDiskGb: 41.6, loadPerCore: 0.81, temperatureC: 54.2 };
const run = {
  issue: "octo.hello.471",
  title: "Make it \u001b[31mbetter",
  run: "r1",
  slot: "pi-1/0",
  phase: "work" as const,
  since: now - 12 * 60_000,
  last: { at: now - 2000, kind: "tool", text: "Bash: npm test" },
  tokens: 12_000,
  costUsd: 0.42,
};
const runner = { name: "pi-1/0", host: "pi-1", at: now, pid: 1, slots: 3, busy: 1, tired: null, runs: [run], machine };
const SNAPSHOT: Snapshot = {
  scheduler: { at: now, lastPollAt: now - 4000, error: null },
  runners: [runner],
  offline: [],
  queue: { waiting: 3, active: 1, delayed: 1, completed: 8, failed: 1, paused: true },
  holds: [{ name: "usage-limit", reason: "limit reached", by: "runner pi-1/0", since: now, until: now + 3_600_000 }],
  events: [
    logged({
      id: "1-0",
      at: new Date(now).toISOString(),
      issue: "octo.hello.3",
      from: "running",
      to: "failed",
      by: "runner pi-1/0",
      reason: "the tests \u001b[31mfail, and this is a long story about it",
      evidence: {},
    }),
  ],
  totals: {
    "outcome|pr": 8,
    "outcome|failed": 2,
    "agents|exited": 12,
    "cost|m": 4_560_000,
    "tokens|m|input": 1_234_567,
  },
  today: { "outcome|pr": 1 },
  ends: [],
  memory: { used: 3 * 1024 ** 2, max: 0, policy: "noeviction" },
  writesToDisk: true,
  evaluation: null,
  probing: false,
};

function report(change: Partial<Snapshot> = {}, questions: readonly OpenQuestion[] = []) {
  const snapshot = { ...SNAPSHOT, ...change };
  const health = evaluateHealth(snapshot, { now, pollSeconds: 30, limits: configSections.host.parse({}) });
  return statusReport(snapshot, {
    config: { path: "/srv/hello/config.toml", isDemo: false },
    health,
    questions,
    address: "127.0.0.1:6379",
    repositories,
    now,
  });
}
const [event] = SNAPSHOT.events;
const paint = (_: unknown, text: string) => text;
const how = { repositories, now, width: 80, paint };

it("shows everything at a glance, in 80 columns", () => {
  expect(renderStatus(report(), how)).toEqual([
    "Health     warning",
    "           !  no new jobs start until 14:05 (hold usage-limit by runner pi-1/0):",
    "              limit reached",
    "  https://github.com/OWNER/tac8/blob/main/docs/runbook.md#hold",
    "New jobs   closed: hold usage-limit: limit reached",
    "Holds      usage-limit, until 14:05: limit reached",
    "Runners    pi-1/0: 1 of 3 slots busy, load 0.8, 54 °C, 2.1 GB memory, 42 GB dis…",
    "Queue      3 waiting, 1 active, 1 delayed, 8 completed, 1 failed; paused",
    "Scheduler  polled GitHub 4 s ago",
    "Redis      127.0.0.1:6379, 3 MB",
    "Config     /srv/hello/config.toml",
    "Today      1 pull request, 0 failed (100 % success), $0.00, 0 runs, 0 tokens",
    "Total      8 pull requests, 2 failed (80 % success), $4.56, 12 runs, 1.2M tokens",
    "",
    "WORKING ON  PHASE  FOR     COST   RUNNER  LAST ACTION",
    "#471        work   12 min  $0.42  pi-1/0  Bash: npm test",
    "",
    "Last events",
    "  13:05:22  #3 running → failed: the tests fail, and this is a long story about…",
  ]);
});

it("shows the labels of runners", () => {
  const runners = SNAPSHOT.runners.map((runner) => ({ ...runner, labels: ["big", "pi"] }));
  expect(renderStatus(report({ runners }), { ...how, width: 120 }).join("\n")).toContain(
    "slots busy, labels big pi, load",
  );
});

it.each([
  [{ path: null, isDemo: true }, "no file: this is the running demo"],
  [{ path: null, isDemo: false }, "no file, and no demo is running"],
  [{ path: "/d/demo/config.toml", isDemo: true }, "/d/demo/config.toml (the demo)"],
  [{ path: `/${"long/".repeat(20)}config.toml`, isDemo: false }, `…${"long/".repeat(20).slice(-57)}config.toml`],
])("names what it is about, in one line of 80 columns: %j", (config, text) => {
  const line = renderStatus({ ...report(), config }, how).find((one) => one.startsWith("Config "));
  expect(line).toBe(`Config     ${text}`);
  expect(widthOf(line ?? "")).toBeLessThanOrEqual(80);
});

const asked = (number: number, question: string): OpenQuestion => ({
  issue: `octo.hello.${number}`,
  title: "Say hello",
  question,
  askedAt: new Date(now - 2 * 3_600_000).toISOString(),
});

fieldTest("E5", "status and monitor name the issue that asks a question, in 80 columns", () => {
  const questions = [asked(471, "Red or\ngreen?"), ...[1, 2, 3, 4, 5, 6].map((number) => asked(number, "Why?"))];
  const lines = renderStatus(report({}, questions), how);
  expect(lines).toContain("Questions  #471 asks, 2 h ago: Red or green?");
  expect(lines).toContain("           and 2 more: tac8 list --state blocked");
  const sections = statusSections(report({}, questions), { ...how, brief: true });
  const page = { sections, unreachable: null, address: "127.0.0.1:6379", now, width: 79, height: 24, paint };
  expect(monitorPage(page).join("\n")).toContain("#471 asks, 2 h ago: Red or green?");
  expect(report({}, questions).questions[0]?.issue).toBe("Octo/Hello#471");
});

fieldTest("E5", "status and monitor show the cost in 80 columns, with any figures", () => {
  const totals = {
    "outcome|pr": 88_888,
    "outcome|failed": 88_888,
    "agents|exited": 888_888,
    "cost|m": 123_456_780_000,
  };
  const lines = renderStatus(report({ totals }), { ...how, width: 79 });
  expect(lines.find((line) => line.startsWith("Total"))).toContain("$123456.78");
});

it("names an event as the timeline does", () => {
  const agent = {
    ...SNAPSHOT.events[0],
    event: "agent:ended",
    from: "running",
    reason: "the agent ended (exited)",
  } as LoggedEvent;
  const lines = renderStatus(report({ events: [agent] }), how);
  expect(lines.at(-1)).toContain("#3 agent ended: the agent ended (exited)");
});

it("shows that an agent has no output yet", () => {
  const runs = [{ ...run, last: null }];
  const lines = renderStatus(report({ runners: [{ ...runner, runs }] }), how);
  expect(lines).toContainEqual(expect.stringMatching(/^#471 .* no output yet$/));
});

it("shows how a runner's agents are isolated", () => {
  const open = { ...runner, isolation: { mode: "none" as const, text: "not isolated", advice: null } };
  const boxed = { ...runner, name: "pi-2/0", isolation: { mode: "sandbox" as const, text: "isolated", advice: null } };
  const text = renderStatus(report({ runners: [open, boxed] }), { ...how, width: 160 }).join("\n");
  expect(text).toMatch(/pi-1\/0: .*agents not isolated/);
  expect(text).toMatch(/pi-2\/0: .*agents in a sandbox/);
  expect(renderStatus(report(), { ...how, width: 160 }).join("\n")).not.toContain("agents");
});

it("shows the admission of a runner, and issues in the spelling of the configuration", () => {
  const slow = { ...runner, limit: 1 };
  const paused = { ...runner, name: "pi-2/0", paused: { by: "octo", reason: "moving it", since: now } };
  const text = renderStatus(report({ runners: [slow, paused] }), { ...how, width: 160 }).join("\n");
  for (const part of [
    /2: 2 of 6 slots busy/,
    /pi-1\/0: .*half open: see tac8 status/,
    /closed: paused by octo: moving it/,
  ]) {
    expect(text).toMatch(part);
  }
  expect(report().runs[0]).toMatchObject({ issue: "Octo/Hello#471", elapsedMs: 720_000 });
});

it.each([24, 16, 10, 5, 2, 1])("fits a screen of %i lines, and never wraps", (height) => {
  const runs = Array.from({ length: 9 }, (_, index) => ({
    ...run,
    issue: `octo.hello.${index + 1}`,
    title: "日本".repeat(99),
  }));
  const busy = report({
    runners: [{ ...runner, runs, tired: "x".repeat(300) }],
    events: Array.from({ length: 50 }, () => event).filter((one) => one !== undefined),
  });
  for (const width of [20, 79, 200]) {
    const sections = statusSections(busy, { ...how, width, brief: true });
    const page = {
      sections,
      unreachable: "Redis is unreachable",
      address: "127.0.0.1:6379",
      now,
      width,
      height,
      paint,
    };
    const lines = monitorPage(page);
    expect(lines.length).toBeLessThanOrEqual(height);
    expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
    expect(monitorPage({ ...page, sections: null }).length).toBeLessThanOrEqual(2);
  }
});
