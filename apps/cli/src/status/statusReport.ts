import type { RepoRef } from "@tac8/core/domain/reference";
import { formerCodeOf, runbookOf } from "@tac8/core/domain/healthKinds";
import type { Health } from "@tac8/core/domain/healthLevels";
import { type Admission, closingCauses } from "@tac8/core/domain/admission";
import { summarize, type Summary } from "@tac8/core/ledger/summary";
import { queueAdmission, type QueueCounts, type RedisMemory, type Snapshot } from "@tac8/core/status/snapshot";
import { runnerAdmission } from "@tac8/core/state/admission";
import type { OpenQuestion } from "@tac8/core/status/questions";
import type { LoggedEvent } from "@tac8/core/domain/events";
import type { HostPresence, RunnerPresence, RunPresence } from "@tac8/core/state/presence";
import { wholeName } from "./names.ts";

export interface StatusRun {
  /** `owner/repo#471`. */
  readonly issue: string;
  readonly title: string;
  readonly runner: string;
  readonly run: string;
  readonly phase: RunPresence["phase"];
  readonly since: string;
  readonly elapsedMs: number;
  /** The last action of its agent; null before its first output. */
  readonly last: { readonly at: string; readonly kind: string; readonly text: string } | null;
  readonly tokens: number;
  readonly costUsd: number;
}

/** An admission with its deciding causes as text (`closingCauses`); empty while it is open. */
export type ShownAdmission = Admission & { readonly because: string };

export interface StatusRunner {
  readonly name: string;
  readonly host: string;
  /** Config `runner.labels`. */
  readonly labels: readonly string[];
  readonly slots: number;
  readonly busy: number;
  /** Maximum number of concurrent jobs: its slots, or half of them while it is slowed. `admission`: whether it accepts new ones. */
  readonly limit: number;
  /** Whether new work may start on this runner. */
  readonly admission: ShownAdmission;
  /** Why it accepts no new jobs; null: it accepts them. */
  readonly rests: string | null;
  readonly seenAt: string;
  readonly machine: HostPresence | null;
  /** The isolation of its agents, with the reason; null: its version does not report it. */
  readonly isolation: Pick<NonNullable<RunnerPresence["isolation"]>, "mode" | "text"> | null;
}

/** The status of tac8, for `tac8 status`. Times are ISO. Runs and events are sorted oldest first. */
export interface StatusReport {
  /** The configuration. `path`: of its file; null: there is none. */
  readonly config: { readonly path: string | null; readonly isDemo: boolean };
  readonly health: Pick<Health, "level"> & {
    /** `runbook`: address of the section of the runbook that explains what to do. */
    readonly reasons: readonly ShownReason[];
  };
  readonly redis: RedisMemory & { /** `host:port`. */ readonly address: string };
  /** Null: no scheduler has ever reported. */
  readonly scheduler: {
    readonly seenAt: string;
    readonly lastPollAt: string | null;
    readonly error: string | null;
  } | null;
  readonly runners: readonly StatusRunner[];
  readonly runs: readonly StatusRun[];
  readonly queue: QueueCounts;
  /** Whether new work may start in the queue. */
  readonly admission: ShownAdmission;
  /** Questions of agents without a reply, oldest first. `issue`: `owner/repo#471`. */
  readonly questions: readonly OpenQuestion[];
  readonly holds: readonly {
    readonly name: string;
    readonly reason: string;
    readonly by: string;
    readonly since: string;
    /** Null: until a user ends it. */
    readonly until: string | null;
  }[];
  readonly today: Summary;
  /** Since tac8 was first started. */
  readonly total: Summary;
  readonly events: readonly LoggedEvent[];
}

export interface StatusGiven {
  readonly config: StatusReport["config"];
  readonly questions: readonly OpenQuestion[];
  readonly health: Health;
  /** `host:port`. */
  readonly address: string;
  readonly repositories: readonly RepoRef[];
  /** Epoch ms. */
  readonly now: number;
}

/** Compute the status report from a snapshot. Pure. */
export function statusReport(
  snapshot: Snapshot,
  { config, health, questions, address, repositories, now }: StatusGiven,
): StatusReport {
  const { scheduler, runners } = snapshot;
  const runs = runners.flatMap((runner) => (runner.runs ?? []).map((run) => ({ runner: runner.name, ...run })));
  return {
    config,
    health: {
      level: health.level,
      reasons: health.reasons.map(shownReason),
    },
    redis: { address, ...snapshot.memory },
    scheduler:
      scheduler === null
        ? null
        : { seenAt: iso(scheduler.at), lastPollAt: isoOrNull(scheduler.lastPollAt), error: scheduler.error },
    runners: runners.map(runnerOf),
    runs: runs
      .toSorted((a, b) => a.since - b.since)
      .map(({ issue, since, last, slot: _slot, ...run }) => {
        return {
          ...run,
          issue: wholeName(issue, repositories),
          since: iso(since),
          elapsedMs: Math.max(0, now - since),
          last: last === null ? null : { ...last, at: iso(last.at) },
        };
      }),
    queue: snapshot.queue,
    admission: reportedAdmission(queueAdmission(snapshot)),
    questions: questions.map((question) => ({ ...question, issue: wholeName(question.issue, repositories) })),
    holds: snapshot.holds.map((hold) => ({ ...hold, since: iso(hold.since), until: isoOrNull(hold.until) })),
    today: summarize(snapshot.today),
    total: summarize(snapshot.totals),
    events: snapshot.events.map((event) => ({ ...event, issue: wholeName(event.issue, repositories) })),
  };
}

type ShownReason = Health["reasons"][number] & { readonly formerCode: string | null; readonly runbook: string };

/** Return a reason with the address of its runbook section. Pure. */
export function shownReason(reason: Health["reasons"][number]): ShownReason {
  return { ...reason, formerCode: formerCodeOf(reason.code), runbook: runbookOf(reason.code) };
}

function reportedAdmission(admission: Admission): ShownAdmission {
  return { ...admission, because: closingCauses(admission) };
}

function runnerOf(runner: RunnerPresence): StatusRunner {
  const { name, host, labels = [], slots, busy, limit, at, machine, isolation } = runner;
  const admission = reportedAdmission(runnerAdmission(runner));
  return {
    name,
    host,
    labels,
    slots,
    busy,
    limit: limit ?? slots,
    admission,
    rests: admission.state === "closed" ? admission.because : null,
    seenAt: iso(at),
    machine: machine ?? null,
    isolation: isolation === undefined ? null : { mode: isolation.mode, text: isolation.text },
  };
}

/** Format a time. A time that another version or a wrong clock wrote may be invalid. */
function iso(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "unknown" : date.toISOString();
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
