import { expect, it } from "vitest";
import type { FormerName } from "@tac8/core/domain/events";
import type { FormerEvent } from "@tac8/core/domain/formerEvents";
import { logged } from "@tac8/core/testing/formerEvents.fixture";
import { encodeAgentEvidence } from "@tac8/core/domain/agentEvidence";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { spreadOf } from "./quantile.ts";
import { reportOf } from "./report.ts";
import { samplesOf } from "./samples.ts";

const event = (day: number, issue: string, to: FormerName, change: Partial<FormerEvent> = {}): LoggedEvent =>
  logged({
    id: "1-0",
    at: `2026-11-${day}T12:00:00.000Z`,
    issue,
    from: "running",
    to,
    by: "runner pi-1/0",
    reason: "",
    evidence: {},
    ...change,
  });
const agent = (day: number, issue: string, costs: Readonly<Record<string, number>>) => {
  const figures = { input: 10, output: 5, cacheRead: 4, cacheWrite: 1 };
  const models = Object.entries(costs).map(([model, costUsd]) => ({ model, ...figures, costUsd }));
  const costUsd = models.reduce((sum, one) => sum + one.costUsd, 0);
  const evidence = encodeAgentEvidence({ run: "r", cause: "exited", costUsd, turns: 3, ms: 60_000, models });
  return event(day, issue, "agent", { evidence });
};
const frame = {
  since: Date.UTC(2026, 10, 18),
  until: Date.UTC(2026, 10, 20, 23),
  complete: true,
  dayOf: (at: number) => new Date(at).toISOString().slice(0, 10),
  days: ["2026-11-18", "2026-11-19", "2026-11-20"],
};
const of = (...events: LoggedEvent[]) => reportOf(events.flatMap(samplesOf), frame);

it("is empty without events", () => {
  expect(of()).toMatchObject({
    since: "2026-11-18T00:00:00.000Z",
    successRate: null,
    toPr: null,
    wait: null,
    agents: { runs: 0, costUsd: 0 },
    failures: [],
    models: [],
    issues: [],
  });
});

it("counts outcomes, and the success rate of pull requests and failures", () => {
  const ends = [
    "pr",
    "pr",
    "pr",
    "answered",
    "failed",
    "blocked",
    "stopped",
    "cancelled",
    "withdrawn",
    "expired",
  ] as const;
  const { outcomes, successRate } = of(...ends.map((to, index) => event(18, `i${index}`, to)));
  expect(outcomes).toEqual({
    pr: 3,
    answered: 1,
    failed: 1,
    blocked: 1,
    stopped: 1,
    cancelled: 1,
    withdrawn: 1,
    expired: 1,
  });
  expect(successRate).toBe(0.75);
});

it("counts a pull request once, with any number of rounds", () => {
  const found = of(
    event(18, "a", "pr", { evidence: { pr: 7 } }),
    event(18, "a", "pr", { evidence: { pr: 7, updated: 1 } }),
    event(19, "a", "pr", { evidence: { pr: 7, updated: 1 } }),
  );
  expect(found).toMatchObject({ pullRequests: 1, outcomes: { pr: 3 }, successRate: 1 });
  expect(found.days.map(({ prs }) => prs)).toEqual([1, 0, 0]);
});

it("ignores answers, holds and notes in the success rate", () => {
  const answer = event(18, "a", "blocked", { from: "blocked", evidence: { comment: 1 } });
  const found = of(answer, event(18, "", "hold"), event(18, "a", "note"), event(18, "a", "queued"));
  expect(found).toMatchObject({ outcomes: { blocked: 0 }, issues: [] });
});

it("has exact percentiles, by the nearest rank", () => {
  const minutes = [10, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const { toPr, wait } = of(
    ...minutes.map((m) => event(18, `i${m}`, "pr", { evidence: { sinceBegunMs: m * 60_000 } })),
    event(18, "x", "pr", { evidence: { sinceBegunMs: null } }),
    event(18, "x", "failed", { evidence: { sinceBegunMs: 1 } }),
    event(18, "x", "running", { evidence: { waitedMs: 5 } }),
    event(18, "x", "running", { evidence: { waitedMs: null } }),
  );
  expect(toPr).toEqual({ count: 10, medianMs: 300_000, p90Ms: 540_000, minMs: 60_000, maxMs: 600_000 });
  expect(wait).toEqual({ count: 1, medianMs: 5, p90Ms: 5, minMs: 5, maxMs: 5 });
  expect(spreadOf([])).toBeNull();
});

it("counts failed attempts by kind, and which of them were final", () => {
  const failure = (to: "retrying" | "parked" | "failed", kind: string, reason: string) =>
    event(18, "a", to, { reason, evidence: { failure: kind } });
  const { failures } = of(
    failure("parked", "github", "502"),
    failure("retrying", "agent", "exit 1"),
    failure("failed", "agent", "exit 2"),
    failure("retrying", "of another version", "?"),
  );
  expect(failures).toEqual([
    { kind: "agent", tries: 2, issues: 1, reason: "exit 2" },
    { kind: "github", tries: 1, issues: 0, reason: "502" },
  ]);
});

it("sums agent runs by day, model and issue, most expensive first", () => {
  const found = of(
    agent(18, "a", { large: 0.5, small: 0.25 }),
    agent(19, "b", { large: 2 }),
    event(19, "b", "pr", { evidence: { pr: 7, sinceBegunMs: 90_000 } }),
    event(20, "c", "failed", { evidence: { failure: "lost" } }),
    event(20, "b", "stopped"),
  );
  expect(found.agents).toEqual({ runs: 2, ms: 120_000, turns: 6, tokens: 60, costUsd: 2.75 });
  expect(found.days).toMatchObject([
    { day: "2026-11-18", prs: 0, runs: 1, tokens: 40, costUsd: 0.75 },
    { day: "2026-11-19", prs: 1, failed: 0, runs: 1, costUsd: 2 },
    { day: "2026-11-20", prs: 0, failed: 1, runs: 0, costUsd: 0 },
  ]);
  expect(found.models).toEqual([
    { model: "large", runs: 2, input: 20, output: 10, cacheRead: 8, cacheWrite: 2, costUsd: 2.5 },
    { model: "small", runs: 1, input: 10, output: 5, cacheRead: 4, cacheWrite: 1, costUsd: 0.25 },
  ]);
  expect(found.issues).toMatchObject([
    { issue: "b", outcome: "stopped", pr: 7, toPrMs: 90_000, costUsd: 2 },
    { issue: "a", outcome: null, pr: null, toPrMs: null, costUsd: 0.75 },
    { issue: "c", outcome: "failed", runs: 0, costUsd: 0 },
  ]);
});
