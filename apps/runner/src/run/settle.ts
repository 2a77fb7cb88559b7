import { DelayedError, UnrecoverableError } from "bullmq";
import { afterFailure, type Failure, type HoldRequest } from "@tac8/core/domain/failures";
import { countBrokenOff } from "@tac8/core/domain/brokenOff";
import { reached } from "@tac8/core/domain/states";
import { isRepositoryHold, repositoryHold } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import type { BackoffError, JobResult } from "@tac8/core/queue/contract";
import { begunPriority } from "@tac8/core/domain/priority";
import { readEnds } from "@tac8/core/ledger/store";
import { LostRun } from "@tac8/core/state/issueStore";
import { readEvents } from "@tac8/core/state/events";
import { setHold } from "@tac8/core/state/holds";
import { report } from "../steps/report.ts";
import { showStatus } from "../steps/statusComment.ts";
import type { RunContext } from "./context.ts";
import { blameMachine } from "./blame.ts";
import { credentialsOf } from "../rest/credentials.ts";
import { failureOf } from "./failureOf.ts";
import { extraWait, isOwnOutage } from "./ownOutage.ts";
import { isOwnRefusal } from "./ownRefusal.ts";
import { endByHalt, Halted } from "./halt.ts";
import { handedBackProgress } from "./handedBack.ts";
import { AgentEnded, AgentLost, planSettle } from "./planSettle.ts";

/** BullMQ takes a job of ours back as soon as it is let go of: long enough for this runner to be gone. */
const HAND_BACK_MS = 100;
/** A repository's hold lasts so much longer than the wait of the work that tries it, which may find all slots busy. */
const PROBE_MINUTES = 120;
/** GitHub's trouble lasts when a job was parked for it so often in a row. */
const LASTING = 2;
/** Of the event log: enough for the issues of one repository within the waits of a refused push. */
const WINDOW = 1000;

/** Told when the issue comes to its end, or its finished work is not to be published as it is. */
type Decided = () => Promise<void>;

export interface SettleOptions {
  readonly token: string;
  readonly onDecided: Decided;
}

/** A run that did not come to its end: what becomes of its job. Returns a result, or throws what BullMQ understands. */
export async function settle(run: RunContext, error: unknown, options: SettleOptions): Promise<JobResult> {
  const { token } = options;
  if (error instanceof LostRun) throw error;
  const halted = run.switch.cause;
  if (halted?.halt === "lost") return letGo(run, halted, token);
  const next = planSettle({
    halt: halted?.halt ?? null,
    outOfTime: run.switch.lost.aborted,
    ended: error instanceof AgentEnded,
    agentLost: error instanceof AgentLost,
    decided: run.state.outcome !== null,
  });
  switch (next) {
    case "hand back":
      return handBack(run, token, error instanceof AgentLost ? error.message : "the runner is shutting down");
    case "stopped":
    case "cancelled":
      await run.write(endByHalt(halted ?? new Halted(next, next), next, run.id));
      return conclude(run, options);
    case "trouble": {
      const failure = await blameMachine(failureOf(error), run.services);
      return afterTrouble(run, redacted(run, failure), options);
    }
    default:
      return next satisfies never;
  }
}

/** Reports the end that was decided; when GitHub is out of reach for that too, the job waits for it. */
export async function conclude(run: RunContext, options: SettleOptions): Promise<JobResult> {
  const { token, onDecided } = options;
  let result: JobResult;
  try {
    result = await report(run);
    await onDecided();
  } catch (error) {
    if (error instanceof LostRun || run.switch.lost.aborted) return settle(run, error, options);
    const failure = redacted(run, await blameMachine(failureOf(error), run.services));
    const delayMs = waitFor(run, failure);
    // The other issues of the repository would be refused as well.
    const hold = failure.wholeRepository === true ? { name: "repository", until: run.services.now() + delayMs } : null;
    return park(run, { failure, delayMs, token, hold });
  }
  return close(run, token, result);
}

/** What BullMQ is to make of an end that everybody else knows of. */
export async function close(run: RunContext, token: string, result: JobResult): Promise<JobResult> {
  if (result.outcome === "failed") throw plain(new UnrecoverableError(result.reason ?? "failed"));
  if (result.outcome !== "blocked") return result;
  const { config, now } = run.services;
  const whole = config.coordinator.blocked_expires_days * 24 * 3_600_000;
  const asked = Date.parse(run.state.askedAt ?? "");
  const left = Number.isNaN(asked) ? whole : asked + whole - now();
  return delay(run, Math.max(left, HAND_BACK_MS), token);
}

async function afterTrouble(run: RunContext, found: Failure, options: SettleOptions): Promise<JobResult> {
  const { token, onDecided } = options;
  const { config, now } = run.services;
  const failure = await blameIssue(run, found);
  const counts = {
    made: run.job.attemptsMade,
    max: run.job.opts.attempts ?? 1,
    parked: run.state.parked,
    noChanges: run.state.noChanges,
  };
  const next = afterFailure(failure, counts, config.coordinator.backoff_factor, now());
  run.log.warn({ failure: failure.kind, next: next.do }, failure.message);
  // To publish the same once more would end the same: the agent is told instead.
  if (failure.kind === "no-changes") await run.write({ checkpoint: "none", noChanges: run.state.noChanges + 1 });
  switch (next.do) {
    case "fail":
      await run.write({ outcome: "failed", outcomeRun: run.id, failure: failure.kind, reason: failure.message });
      return conclude(run, options);
    case "park":
      return park(run, { failure, delayMs: next.delayMs, token, hold: next.hold });
    case "retry": {
      // What GitHub refused to take would be refused again: the agent is told.
      if (failure.kind === "refused") {
        await run.write({ checkpoint: "none" });
        await onDecided();
      }
      await show(run, "retrying", failure);
      const error: BackoffError = Object.assign(plain(new Error(failure.message)), {
        delayMs: Math.max(next.delayMs, 1),
      });
      await putBegunFirst(run);
      await run.write({ run: null, runner: null });
      throw error;
    }
    default:
      return next satisfies never;
  }
}

/** What ends like this for one issue again and again, and not for others, is the issue's own. */
async function blameIssue(run: RunContext, failure: Failure): Promise<Failure> {
  if (failure.kind !== run.state.failure) return failure;
  if (failure.kind === "model") return blameForOutage(run, failure);
  return failure.kind === "refused" && failure.guessed === true ? blameForRefusal(run, failure) : failure;
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

async function blameForOutage(run: RunContext, failure: Failure): Promise<Failure> {
  const { state, services } = run;
  const { coordinator } = services.config;
  const ends = await readEnds(services.redis);
  const facts = { parked: state.parked, ends, factor: coordinator.backoff_factor, now: services.now() };
  if (!isOwnOutage(facts)) return failure;
  await run.write({ session: null });
  return { kind: "agent", message: `${failure.message} (while it waited, runs of other issues went well)` };
}

/** BullMQ shows the stack to people: a failure with a name says all in its message. */
function plain<E extends Error>(error: E): E {
  error.stack = error.message;
  return error;
}

interface Parking {
  readonly failure: Failure;
  readonly delayMs: number;
  readonly token: string;
  readonly hold: (Pick<HoldRequest, "until"> & { readonly name: string }) | null;
}

/** Waits without a slot and without burning an attempt. */
async function park(run: RunContext, { failure, delayMs, token, hold }: Parking): Promise<JobResult> {
  const name = hold === null ? null : hold.name === "repository" ? repositoryHold(run.ref) : hold.name;
  if (hold !== null && name !== null) {
    const by = `runner ${run.runner}`;
    const { config } = run.services;
    const credentials = await credentialsOf(name, config);
    const began = await setHold(run.services.redis, {
      name,
      reason: failure.message,
      by,
      since: run.services.now(),
      until: probesFirst(run, hold)
        ? hold.until + PROBE_MINUTES * 60_000 * config.coordinator.backoff_factor
        : hold.until,
      run: run.id,
      ...(credentials === null ? {} : { credentials }),
    });
    if (began) run.log.warn(`${holdWords(name).what}. ${holdWords(name).advice} To try now: tac8 resume ${name}`);
    // The scheduler would, in seconds: until then the slot that becomes free here would take the next job into the same limit.
    if (!isRepositoryHold(name)) await run.services.queue.pause();
  }
  const { parked } = run.state;
  const again = failure.kind === "model" && run.state.failure === "model" && parked > 0;
  const extraMs = again ? extraWait(parked, run.services.config.coordinator.backoff_factor) : 0;
  await run.write({ parked: parked + 1, hold: again ? null : name });
  await show(run, "parked", failure);
  await run.write({ run: null, runner: null });
  return delay(run, Math.max(delayMs + extraMs, HAND_BACK_MS), token);
}

/** Finished work of a held repository is published first, for which nobody is paid: others wait for what becomes of it. */
function probesFirst(
  { state }: RunContext,
  hold: NonNullable<Parking["hold"]>,
): hold is NonNullable<Parking["hold"]> & { until: number } {
  return hold.name === "repository" && hold.until !== null && reached(state.checkpoint, "worked");
}

/** Its lock may still be ours, when it was Redis that was away: then the job goes on elsewhere, and burns no attempt. */
async function letGo(run: RunContext, lost: Error, token: string): Promise<never> {
  try {
    await run.job.moveToDelayed(run.services.now() + HAND_BACK_MS, token);
  } catch (error) {
    run.log.debug({ err: error }, "the job is not ours any more");
    throw lost;
  }
  // Its runner lives, so it counts as no lost run; unless the next run was quicker than we.
  // Not by the run's own write, which a lost run has no more.
  await run.services.store
    .write(run.jobId, run.id, { run: null, runner: null })
    .catch((err: unknown) => run.log.debug({ err }, "could not let go of the run"));
  throw new DelayedError();
}

/** An agent may have ended its runner, and would do so each time: see domain/brokenOff.ts. No attempt is burnt. */
async function handBack(run: RunContext, token: string, reason: string): Promise<JobResult> {
  const { agentRun, checkpoint, outcome } = run.state;
  const hadAgent = agentRun === run.id && !reached(checkpoint, "worked") && outcome === null;
  const counts = hadAgent ? countBrokenOff(run.state, handedBackProgress(run.state)) : {};
  await run.services.store.write(
    run.jobId,
    run.id,
    { state: "queued", since: run.now, run: null, runner: null, ...counts },
    {
      issue: run.jobId,
      from: run.state.state ?? "",
      to: "queued",
      by: `runner ${run.runner}`,
      reason: run.services.redact(reason),
      evidence: { run: run.id },
    },
  );
  return delay(run, HAND_BACK_MS, token);
}

async function delay(run: RunContext, ms: number, token: string): Promise<never> {
  await putBegunFirst(run);
  await run.job.moveToDelayed(run.services.now() + ms, token);
  throw new DelayedError();
}

/** When it comes back from its wait, it goes before new work of its label. */
async function putBegunFirst({ job, state, log }: RunContext): Promise<void> {
  const priority = begunPriority(job.opts.priority ?? 0);
  if (state.agentRuns === 0 || job.opts.priority === priority) return;
  try {
    await job.changePriority({ priority });
  } catch (error) {
    log.debug({ err: error }, "could not change the job's priority");
  }
}

/** The state, its event, and, where GitHub takes it, the status comment. */
async function show(run: RunContext, state: "retrying" | "parked", failure: Failure): Promise<void> {
  const { kind, message } = failure;
  const { parked, outcome, reason, end } = run.state;
  const decided = outcome === null ? {} : { end: end ?? { failure: run.state.failure, reason } };
  const evidence = { failure: kind, ...(state === "parked" ? { parked } : {}) };
  await run.write({ state, failure: kind, reason: message, ...decided }, { reason: message, evidence });
  if (isDeaf(failure, parked)) return;
  try {
    await showStatus(run, state, message);
  } catch (error) {
    run.switch.lost.throwIfAborted();
    run.log.warn({ err: error }, "could not show on the issue how it stands");
  }
}

/**
 * Would GitHub take a comment now? It asks for silence by a rate limit. Other trouble may be of one part of it (git, pull
 * requests): once it lasts, people are to read of it where they look. A bad token is refused here too, which costs one call.
 */
function isDeaf({ kind, until }: Failure, parked: number): boolean {
  return kind === "github" && (parked < LASTING || (until ?? null) !== null);
}

function waitFor(run: RunContext, failure: Failure): number {
  const { config, now } = run.services;
  const counts = { made: 0, max: 2, parked: run.state.parked, noChanges: 0 };
  const next = afterFailure({ ...failure, kind: "github" }, counts, config.coordinator.backoff_factor, now());
  return next.do === "fail" ? 60_000 : next.delayMs;
}

function redacted(run: RunContext, failure: Failure): Failure {
  return { ...failure, message: run.services.redact(failure.message) };
}
