import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { questionLifetimeMs } from "@tac8/core/domain/questionExpiry";
import { readEnds } from "@tac8/core/ledger/store";
import { LostRun } from "@tac8/core/state/issueStore";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { readEvents } from "@tac8/core/state/events";
import { CLEAN } from "@tac8/core/state/reopen";
import { admit } from "../steps/admit/admit.ts";
import { isCaused } from "../issue/cause.ts";
import { report, type Told } from "../steps/report/report.ts";
import type { RunContext } from "../run/context.ts";
import { blameMachine } from "./blame.ts";
import { afterTrouble, closed, type EndFacts, handedBack, holdEnd, untold } from "./dispose.ts";
import type { Disposition } from "./disposition.ts";
import { failureOf } from "../run/failureOf.ts";
import { endByHalt, Halted } from "../run/halt.ts";
import { isOwnOutage } from "./ownOutage.ts";
import { isOwnRefusal } from "./ownRefusal.ts";
import { planSettle, type Unfinished } from "./planSettle.ts";

/** Of the event log: enough for the issues of one repository within the waits of a refused push. */
const WINDOW = 1000;

export interface SettleOptions {
  /** The issue's repository is held, and this run tries it. */
  readonly isHeld: boolean;
}

/** Decide what becomes of the job of a run that did not come to its end. */
export async function settle(
  run: RunContext,
  { error, agent }: Unfinished,
  options: SettleOptions,
): Promise<Disposition> {
  if (error instanceof LostRun) return { do: "release", lost: error };
  const halted = run.switch.cause;
  if (halted?.halt === "lost") return { do: "release", lost: halted };
  const next = planSettle({
    halt: halted?.halt ?? null,
    outOfTime: run.switch.lost.aborted,
    ended: agent === "ended",
    agentLost: agent === "lost",
    decided: run.state.outcome !== null,
  });
  switch (next) {
    case "hand back": {
      const because = agent === "lost" && error instanceof Error ? error.message : "the runner is shutting down";
      return handedBack(run.state, { runId: run.id, now: run.services.now(), because });
    }
    case "stopped":
    case "cancelled":
      await run.write(endByHalt(halted ?? new Halted(next, next), next, run.id));
      return conclude(run, options);
    case "trouble": {
      const failure = await blameMachine(failureOf(error), run.services);
      return settleTrouble(run, redacted(run, failure), options);
    }
    default:
      return next satisfies never;
  }
}

/** Reports the end that was decided; when GitHub is out of reach for that too, the job waits for it. */
export async function conclude(run: RunContext, options: SettleOptions): Promise<Disposition> {
  let told: Told;
  try {
    await believeEnd(run);
    told = await report(run);
  } catch (error) {
    if (error instanceof LostRun || run.switch.lost.aborted) return settle(run, { error, agent: null }, options);
    const failure = redacted(run, await blameMachine(failureOf(error), run.services));
    return untold(failure, run.state, factsOf(run, options));
  }
  const facts = factsOf(run, options);
  const disposition = closed(told.result, run.state, { ...facts, record: told.record });
  // Its finished work was published, or will not be: either way the next issue of the repository may tell.
  return options.isHeld ? { ...disposition, hold: holdEnd(run.state, facts) } : disposition;
}

/**
 * An end that is only in Redis, of an issue that nobody trusted has ever labelled, is not told: what GitHub says of the issue
 * decides instead.
 */
async function believeEnd(run: RunContext): Promise<void> {
  if (run.admitted || (await isCaused(run, run.switch.lost))) return;
  await run.write({ ...CLEAN, admitted: null, summary: null });
  if ((await admit(run)) !== null) {
    throw new StepFailure({ kind: "github", message: "the label was put on while the issue was read" });
  }
}

async function settleTrouble(run: RunContext, found: Failure, options: SettleOptions): Promise<Disposition> {
  const { failure, patch } = await blameIssue(run, found);
  const next = afterTrouble(failure, { ...run.state, ...patch }, factsOf(run, options));
  run.log.warn({ failure: failure.kind, next: next.do }, failure.message);
  if (next.do === "report") {
    await run.write({ ...patch, ...next.patch });
    return conclude(run, options);
  }
  const { record } = next;
  return record === undefined ? next : { ...next, record: { ...record, patch: { ...patch, ...record.patch } } };
}

function factsOf(run: RunContext, { isHeld }: SettleOptions): EndFacts {
  const { config, now } = run.services;
  const { coordinator } = config;
  return {
    runId: run.id,
    ref: run.ref,
    by: `runner ${run.runner}`,
    isHeld,
    made: run.job.attemptsMade,
    max: run.job.opts.attempts ?? 1,
    factor: coordinator.backoff_factor,
    blockedExpiresMs: questionLifetimeMs(coordinator.blocked_expires_days),
    now: now(),
  };
}

interface Blamed {
  readonly failure: Failure;
  readonly patch: Pick<IssuePatch, "session">;
}

/** What ends like this for one issue again and again, and not for others, is the issue's own. */
async function blameIssue(run: RunContext, failure: Failure): Promise<Blamed> {
  if (failure.kind !== run.state.failure) return { failure, patch: {} };
  if (failure.kind === "model") return blameForOutage(run, failure);
  const isGuess = failure.kind === "refused" && failure.guessed === true;
  return { failure: isGuess ? await blameForRefusal(run, failure) : failure, patch: {} };
}

async function blameForRefusal(run: RunContext, failure: Failure): Promise<Failure> {
  const { kind, message } = failure;
  const events = await readEvents(run.services.redis, { count: WINDOW });
  if (!isOwnRefusal({ issue: run.jobId, message, parked: run.state.parked, events })) return failure;
  const times = `${run.state.parked + 1} times in a row`;
  return {
    kind,
    message: `${message} (refused ${times}, and no other issue's push was: the work is in its workspace)`,
  };
}

async function blameForOutage(run: RunContext, failure: Failure): Promise<Blamed> {
  const { state, services } = run;
  const { coordinator } = services.config;
  const ends = await readEnds(services.redis);
  const facts = { parked: state.parked, ends, factor: coordinator.backoff_factor, now: services.now() };
  if (!isOwnOutage(facts)) return { failure, patch: {} };
  const message = `${failure.message} (while it waited, runs of other issues went well)`;
  return { failure: { kind: "agent", message }, patch: { session: null } };
}

function redacted(run: RunContext, failure: Failure): Failure {
  return { ...failure, message: run.services.redact(failure.message) };
}
