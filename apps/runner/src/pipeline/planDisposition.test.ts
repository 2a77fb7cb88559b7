import { expect, test } from "vitest";
import type { Failure } from "@tac8/core/domain/failures";
import { questionDueAt } from "@tac8/core/domain/questionExpiry";
import { LostRun } from "@tac8/core/state/issueStore";
import { applyPatch, parseIssueState, type IssuePatch, type IssueRecord } from "@tac8/core/state/issueState";
import {
  afterUnexpectedError,
  afterStepFailure,
  afterReportedEnd,
  afterBrokenOffRun,
  holdEnd,
  afterReportFailure,
  workAgain,
  type EndFacts,
} from "./planDisposition.ts";
import { Halted } from "../run/halt.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const MIN = 60_000;
const DAY = 24 * 60 * MIN;
const FACTS: EndFacts = {
  runId: "me",
  ref: { owner: "Octo", repo: "widgets", number: 7 },
  by: "runner pi/0",
  isHeld: false,
  made: 0,
  max: 3,
  backoffFactor: 1,
  blockedExpiresMs: 14 * DAY,
  now: NOW,
};
const of = (fields: IssuePatch = {}): IssueRecord => applyPatch(parseIssueState({}), fields);

interface Row {
  readonly what: string;
  readonly failure: Failure;
  readonly record?: IssuePatch;
  readonly facts?: Partial<EndFacts>;
  readonly next: object;
}

const ROWS: readonly Row[] = [
  {
    what: "a failed agent uses an attempt, and the next one goes first",
    failure: { kind: "agent", message: "boom" },
    record: { "agent.runCount": 1 },
    next: {
      do: "retry",
      delayMs: MIN,
      reason: "boom",
      beforeNewWork: true,
      lastWrite: {
        patch: { state: "retrying", "end.failure": "agent", "end.reason": "boom" },
        event: { reason: "boom", evidence: { failure: "agent" } },
        status: { state: "retrying", reason: "boom" },
      },
    },
  },
  {
    what: "a job without an agent so far keeps its turn",
    failure: { kind: "git", message: "no" },
    next: { do: "retry", delayMs: MIN, beforeNewWork: false },
  },
  {
    what: "the failure of the last attempt ends the issue",
    failure: { kind: "agent", message: "boom" },
    facts: { made: 2 },
    next: {
      do: "report",
      patch: { "end.outcome": "failed", "end.run": "me", "end.failure": "agent", "end.reason": "boom" },
    },
  },
  {
    what: "after no changes the agent runs again at once, with the reason",
    failure: { kind: "no-changes", message: "nothing" },
    next: {
      do: "retry",
      delayMs: 1,
      lastWrite: { patch: { checkpoint: "none", "counts.noChanges": 1, state: "retrying" } },
    },
  },
  {
    what: "no changes for the second time end the issue",
    failure: { kind: "no-changes", message: "nothing" },
    record: { "counts.noChanges": 1 },
    next: { do: "report", patch: { checkpoint: "none", "counts.noChanges": 2, "end.outcome": "failed" } },
  },
  {
    what: "a usage limit holds the queue",
    failure: { kind: "usage-limit", message: "5 h", until: NOW + 9 * MIN },
    next: {
      do: "requeue",
      until: NOW + 9 * MIN,
      hold: {
        begin: { name: "usage-limit", reason: "5 h", by: "runner pi/0", since: NOW, until: NOW + 9 * MIN, run: "me" },
      },
      lastWrite: {
        patch: { "counts.parked": 1, "job.hold": "usage-limit", state: "parked", "end.failure": "usage-limit" },
        event: { evidence: { failure: "usage-limit", parked: 1 } },
        status: { state: "parked" },
      },
    },
  },
  {
    what: "after another outage of the model the job waits longer than its hold, so that others go first",
    failure: { kind: "model", message: "overloaded" },
    record: { "end.failure": "model", "counts.parked": 1 },
    next: { do: "requeue", until: NOW + 3 * MIN, lastWrite: { patch: { "counts.parked": 2, "job.hold": null } } },
  },
  {
    what: "an unreachable GitHub sets no hold",
    failure: { kind: "github", message: "502" },
    next: {
      do: "requeue",
      until: NOW + MIN,
      lastWrite: { patch: { "counts.parked": 1, "job.hold": null, state: "parked" } },
    },
  },
  {
    what: "a repository that refuses the token is held",
    failure: { kind: "refused", message: "403", wholeRepository: true },
    next: {
      do: "requeue",
      until: NOW + 15 * MIN,
      hold: { begin: { name: "repo:octo/widgets", until: NOW + 15 * MIN } },
      lastWrite: { patch: { "job.hold": "repo:octo/widgets" } },
    },
  },
  {
    what: "finished work is published in a held repository before the hold ends",
    failure: { kind: "refused", message: "403", wholeRepository: true },
    record: { checkpoint: "worked" },
    next: { until: NOW + 15 * MIN, hold: { begin: { until: NOW + 135 * MIN } } },
  },
  {
    what: "after refused commits the agent runs again with the reason, and the repository's hold ends",
    failure: { kind: "refused", message: "a secret", ofCommits: true },
    record: { checkpoint: "worked" },
    facts: { isHeld: true },
    next: {
      do: "retry",
      lastWrite: { patch: { checkpoint: "none", state: "retrying" } },
      hold: {
        end: "repo:octo/widgets",
        by: "runner pi/0",
        reason: "finished work of Octo/widgets#7 needs to be changed",
      },
    },
  },
  {
    what: "an end that was decided before is kept, to be reported later",
    failure: { kind: "disk", message: "full" },
    record: { "end.outcome": "failed", "end.failure": "agent", "end.reason": "boom" },
    next: {
      lastWrite: {
        patch: { "end.decided": { failure: "agent", reason: "boom" }, "end.failure": "disk", "end.reason": "full" },
      },
    },
  },
];

test.each(ROWS)("$what", ({ failure, record, facts, next }) => {
  expect(afterStepFailure(failure, of(record), { ...FACTS, ...facts })).toMatchObject(next);
});

test("an outage of GitHub is shown when it lasts, but never during a rate limit", () => {
  const status = (failure: Partial<Failure>, parked: number) => {
    const found = afterStepFailure(
      { kind: "github", message: "502", ...failure },
      of({ "counts.parked": parked }),
      FACTS,
    );
    return "lastWrite" in found && found.lastWrite?.status !== undefined;
  };
  expect([status({}, 0), status({}, 1), status({ until: NOW + MIN }, 5)]).toEqual([false, true, false]);
});

test("an end that cannot be reported waits for GitHub, and a refusal of the repository sets a hold", () => {
  const failed = of({ "end.outcome": "failed", "end.failure": "agent", "end.reason": "boom", "counts.parked": 1 });
  expect(afterReportFailure({ kind: "git", message: "no" }, failed, FACTS)).toMatchObject({
    until: NOW + 2 * MIN,
    lastWrite: {
      patch: {
        "counts.parked": 2,
        state: "parked",
        "end.failure": "git",
        "end.decided": { failure: "agent", reason: "boom" },
      },
    },
  });
  const refused = afterReportFailure({ kind: "refused", message: "403", wholeRepository: true }, failed, FACTS);
  expect(refused).toMatchObject({ hold: { begin: { name: "repo:octo/widgets", until: NOW + 2 * MIN } } });
});

test("after a reported end the job is completed, failed, or waits for an answer until the question expires", () => {
  const lastWrite = { patch: {} };
  const facts = { ...FACTS, lastWrite };
  const result = (outcome: string) => ({ outcome, prUrl: null, reason: "why" });
  expect(afterReportedEnd(result("pr"), of(), facts)).toEqual({ do: "complete", result: result("pr"), lastWrite });
  expect(afterReportedEnd(result("stopped"), of(), facts)).toMatchObject({ do: "complete" });
  expect(afterReportedEnd(result("failed"), of(), facts)).toEqual({ do: "fail", reason: "why", lastWrite });
  const asked = new Date(NOW - 4 * DAY).toISOString();
  for (const askedAt of [asked, null]) {
    const until = questionDueAt({ since: null, question: { askedAt } }, facts.blockedExpiresMs, NOW);
    const record = of(askedAt === null ? {} : { "question.askedAt": askedAt });
    expect(afterReportedEnd(result("blocked"), record, facts)).toMatchObject({ do: "requeue", until });
  }
  const old = new Date(NOW - 20 * DAY).toISOString();
  expect(afterReportedEnd(result("blocked"), of({ "question.askedAt": old }), facts)).toMatchObject({
    until: NOW + 100,
  });
});

test("a requeued job is queued at once, and only a run that had an agent counts as broken off", () => {
  const facts = { runId: "me", now: NOW, because: "the runner is shutting down" };
  expect(
    afterBrokenOffRun(of({ "agent.run": "me", checkpoint: "prepared", "agent.runCount": 1 }), facts),
  ).toMatchObject({
    do: "requeue",
    until: NOW + 100,
    beforeNewWork: true,
    lastWrite: { patch: { state: "queued", "counts.brokenOff": 1 }, event: { reason: facts.because } },
  });
  for (const record of [
    of(),
    of({ "agent.run": "me", checkpoint: "worked" }),
    of({ "agent.run": "me", "end.outcome": "pr" }),
  ]) {
    expect(afterBrokenOffRun(record, facts).lastWrite?.patch).toEqual({ state: "queued" });
  }
});

test("missing work is done again in a new run, without its session and without using an attempt", () => {
  const nothing = { checkpoint: "none", "agent.session": null, "branch.head": null, "work.finishedAt": null };
  expect(workAgain({ agent: { runCount: 1 } }, NOW)).toMatchObject({
    do: "requeue",
    until: NOW + 100,
    beforeNewWork: true,
    lastWrite: { patch: { state: "queued", ...nothing, "end.failure": null, "end.reason": null } },
  });
});

test("an unexpected error uses no attempt, and an error about a lost job releases the job", () => {
  expect(afterUnexpectedError(new Error("ENOSPC"), NOW)).toMatchObject({
    do: "requeue",
    until: NOW + MIN,
    because: "ENOSPC",
  });
  const lost = new LostRun("octo.widgets.7", "me");
  expect(afterUnexpectedError(lost, NOW)).toEqual({ do: "release", lost });
  const halted = new Halted("lost", "the job's lock was lost");
  expect(afterUnexpectedError(halted, NOW)).toEqual({ do: "release", lost: halted });
});

test.each([
  [{ checkpoint: "published", end: { outcome: "pr" } } as const, "was published"],
  [{ checkpoint: "worked", end: { outcome: "stopped" } } as const, "is stopped"],
  [{ checkpoint: "none", end: { outcome: null } } as const, "needs to be changed"],
])("the end of a repository's hold says how the finished work ended: %j", (record, how) => {
  expect(holdEnd(record, FACTS)).toMatchObject({ reason: `finished work of Octo/widgets#7 ${how}` });
});
