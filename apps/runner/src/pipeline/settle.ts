import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { questionLifetimeMs } from "@tac8/core/domain/questionExpiry";
import { readEnds } from "@tac8/core/ledger/store";
import { LostRun } from "@tac8/core/state/issueStore";
import { applyPatch, type IssuePatch } from "@tac8/core/state/issueState";
import { readEvents } from "@tac8/core/state/events";
import { NO_FORMER_END } from "@tac8/core/state/reopen";
import { admit } from "../steps/admit/admit.ts";
import { startEventOf } from "../issue/startEvent.ts";
import { report, type Reported } from "../steps/report/report.ts";
import { admitNeeds, issueAccess, attemptsOf, reportNeeds } from "./needs.ts";
import type { Run } from "./run.ts";
import { attributeToMachine } from "./attributeToMachine.ts";
import {
  afterStepFailure,
  afterReportedEnd,
  type EndFacts,
  afterBrokenOffRun,
  holdEnd,
  afterReportFailure,
} from "./planDisposition.ts";
import type { Disposition } from "./disposition.ts";
import { failureOf } from "../run/failureOf.ts";
import { endByHalt, Halted } from "../run/halt.ts";
import { isOutageOfOneIssue } from "./outageOfOneIssue.ts";
import { isRefusalOfOneIssue } from "./refusalOfOneIssue.ts";
import { planUnfinished, type Unfinished } from "./planUnfinished.ts";

/** Number of newest events to read. They include the pushes of other issues while this issue's refused push waits for its next tries. */
const EVENTS_READ = 1000;

export interface SettleOptions {
  /** The issue's repository is held, and this run probes it. */
  readonly isHeld: boolean;
}

/** Return the disposition of the job of a run that did not reach the issue's end. */
export async function settleUnfinished(
  run: Run,
  { error, agentEnd }: Unfinished,
  options: SettleOptions,
): Promise<Disposition> {
  if (error instanceof LostRun) return { do: "release", lost: error };
  const halted = run.haltSwitch.halted;
  if (halted?.halt === "lost") return { do: "release", lost: halted };
  const next = planUnfinished({
    halt: halted?.halt ?? null,
    outOfTime: run.haltSwitch.abandon.aborted,
    endedWithoutResult: agentEnd === "without result",
    agentLost: agentEnd === "agent lost",
    decided: run.record.state.end.outcome !== null,
  });
  switch (next) {
    case "requeue": {
      const because =
        agentEnd === "agent lost" && error instanceof Error ? error.message : "the runner is shutting down";
      return afterBrokenOffRun(run.record.state, { runId: run.id, now: run.services.now(), because });
    }
    case "stopped":
    case "cancelled":
      await run.record.write(endByHalt(halted ?? new Halted(next, next), next, run.id));
      return reportEnd(run, options);
    case "failure": {
      const failure = await attributeToMachine(failureOf(error), run.services);
      return settleStepFailure(run, redacted(run, failure), options);
    }
    default:
      return next satisfies never;
  }
}

/** Report the issue's end, which is in the record. @returns the disposition of the job: if GitHub is unreachable, the job waits for it */
export async function reportEnd(run: Run, options: SettleOptions): Promise<Disposition> {
  let reported: Reported;
  try {
    await confirmEnd(run);
    reported = await report(reportNeeds(run), run.knowledge.startEvent);
  } catch (error) {
    if (error instanceof LostRun || run.haltSwitch.abandon.aborted)
      return settleUnfinished(run, { error, agentEnd: null }, options);
    const failure = redacted(run, await attributeToMachine(failureOf(error), run.services));
    return afterReportFailure(failure, run.record.state, factsOf(run, options));
  }
  const facts = factsOf(run, options);
  const disposition = afterReportedEnd(reported.result, run.record.state, { ...facts, lastWrite: reported.lastWrite });
  // The finished work was published, or will not be. In both cases the hold ends, and the next issue shows whether its cause remains.
  return options.isHeld ? { ...disposition, hold: holdEnd(run.record.state, facts) } : disposition;
}

/**
 * Confirm an end that this run has read only from Redis. If no trusted account has labelled the issue, the end is not believed: the issue
 * is admitted again, and the result is reported.
 */
async function confirmEnd(run: Run): Promise<void> {
  if (run.knowledge.hasReadIssue) return;
  run.knowledge.startEvent = await startEventOf(issueAccess(run, run.haltSwitch.abandon), run.knowledge.startEvent);
  if (run.knowledge.startEvent !== null) return;
  await run.record.write({ ...NO_FORMER_END, "round.admitted": null, "work.summary": null });
  const { admitted, startEvent } = await admit(admitNeeds(run));
  run.knowledge.hasReadIssue = true;
  if (startEvent !== undefined) run.knowledge.startEvent = startEvent;
  if (admitted !== null) {
    throw new StepFailure({ kind: "github", message: "the label was added while the issue was read" });
  }
}

async function settleStepFailure(run: Run, failureOfStep: Failure, options: SettleOptions): Promise<Disposition> {
  const { failure, patch } = await attributeToIssue(run, failureOfStep);
  const next = afterStepFailure(failure, applyPatch(run.record.state, patch), factsOf(run, options));
  run.log.warn({ failure: failure.kind, next: next.do }, failure.message);
  if (next.do === "report") {
    await run.record.write({ ...patch, ...next.patch });
    return reportEnd(run, options);
  }
  const { lastWrite } = next;
  if (lastWrite === undefined) return next;
  return { ...next, lastWrite: { ...lastWrite, patch: { ...patch, ...lastWrite.patch } } };
}

function factsOf(run: Run, { isHeld }: SettleOptions): EndFacts {
  const { config, now } = run.services;
  const { coordinator } = config;
  return {
    runId: run.id,
    ref: run.ref,
    by: `runner ${run.runner}`,
    isHeld,
    ...attemptsOf(run),
    backoffFactor: coordinator.backoff_factor,
    blockedExpiresMs: questionLifetimeMs(coordinator.blocked_expires_days),
    now: now(),
  };
}

interface Attributed {
  readonly failure: Failure;
  readonly patch: Pick<IssuePatch, "agent.session">;
}

/** Attribute a failure to the issue if it recurs for this issue and not for others. */
async function attributeToIssue(run: Run, failure: Failure): Promise<Attributed> {
  if (failure.kind !== run.record.state.end.failure) return { failure, patch: {} };
  if (failure.kind === "model") return attributeOutage(run, failure);
  const isGuess = failure.kind === "refused" && failure.guessed === true;
  return { failure: isGuess ? await attributeRefusal(run, failure) : failure, patch: {} };
}

async function attributeRefusal(run: Run, failure: Failure): Promise<Failure> {
  const { kind, message } = failure;
  const events = await readEvents(run.services.redis, { count: EVENTS_READ });
  if (!isRefusalOfOneIssue({ issue: run.jobId, message, parked: run.record.state.counts.parked, events }))
    return failure;
  const times = `${run.record.state.counts.parked + 1} times in a row`;
  return {
    kind,
    message: `${message} (refused ${times}, although no push of another issue was refused; the work is in its workspace)`,
  };
}

async function attributeOutage(run: Run, failure: Failure): Promise<Attributed> {
  const { services } = run;
  const { state } = run.record;
  const { coordinator } = services.config;
  const ends = await readEnds(services.redis);
  const facts = { parked: state.counts.parked, ends, backoffFactor: coordinator.backoff_factor, now: services.now() };
  if (!isOutageOfOneIssue(facts)) return { failure, patch: {} };
  const message = `${failure.message} (while it waited, runs of other issues succeeded)`;
  return { failure: { kind: "agent", message }, patch: { "agent.session": null } };
}

function redacted(run: Run, failure: Failure): Failure {
  return { ...failure, message: run.services.redact(failure.message) };
}
