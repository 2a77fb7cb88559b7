import { isDeepStrictEqual } from "node:util";
import { NOT_BROKEN_OFF } from "@tac8/core/domain/brokenOff";
import { StepFailure } from "@tac8/core/domain/failures";
import type { EventWords } from "@tac8/core/domain/events";
import type { ResumeReason } from "../prompt/prompt.ts";
import { reached } from "@tac8/core/domain/states";
import { admit, admitToPublish } from "../steps/admit/admit.ts";
import { isCaused } from "../issue/cause.ts";
import { askEndedSince, mayHaveEndedSince } from "../issue/endedSince.ts";
import { finish, type Finished } from "../steps/save/finish.ts";
import { stillCounts } from "../issue/intent.ts";
import { prepare } from "../steps/prepare/prepare.ts";
import { writePrompts } from "../steps/prepare/prompts.ts";
import { adoptPull, publish, publishSaved } from "../steps/publish/publish.ts";
import { hearQuestion } from "../steps/save/question.ts";
import { recover, type Recovered } from "../steps/recover/recover.ts";
import { save } from "../steps/save/save.ts";
import { scopeOf } from "../issue/scope.ts";
import type { PushScope } from "../airlock/pushScope.ts";
import { work } from "../steps/work/work.ts";
import { afterAgent } from "./afterAgent.ts";
import type { RunContext } from "../run/context.ts";
import { NOTHING_DONE, workAgain } from "./dispose.ts";
import type { Disposition } from "./disposition.ts";
import type { Entry } from "./entry.ts";
import { planMissing } from "./missing.ts";
import { withPatience } from "../run/patience.ts";
import type { Unfinished } from "./planSettle.ts";
import { saveLost } from "./saveLost.ts";
import { conclude, settle } from "./settle.ts";

/** Where a run begins that has something to do. */
export type Begin = Exclude<Entry, { do: "wait" | "close" }>;

/**
 * The steps of a run, from where it begins to what becomes of its job. What a step achieved is in the record before the next
 * begins. `isHeld`: the repository is held, and this run tries it.
 */
export async function runSteps(run: RunContext, entry: Begin, isHeld: boolean): Promise<Disposition> {
  let end: Unfinished | Disposition | null;
  try {
    end = await toItsEnd(run, entry);
    // Somebody may have merged the pull request, and so closed the issue, before we heard that it had been opened.
    const mayHavePull = run.state.outcome === "cancelled" && reached(run.state.checkpoint, "worked");
    if (end === null && mayHavePull) await adoptPull(run);
  } catch (error) {
    end = { error, agent: null };
  }
  if (end === null) return conclude(run, { isHeld });
  return "do" in end ? end : settle(run, end, { isHeld });
}

/** Null: the record has the end, which is to be reported. */
async function toItsEnd(run: RunContext, entry: Begin): Promise<Unfinished | Disposition | null> {
  if (mayHaveEndedSince(run.state, entry.patch) && (await askEndedSince(run))) {
    // GitHub shows that end, and goes on showing it.
    const reason = "it had ended since the backup from which it was restored";
    const end = { outcome: "withdrawn", reason, failure: null, outcomeRun: run.id } as const;
    await run.write({ ...end, restored: null, hold: null, cancel: null });
    return null;
  }
  await run.write({ ...entry.patch, restored: null, hold: null }, putBack(run, entry));
  if (entry.do === "give up" && (await isCaused(run, run.switch.stop))) await saveLost(run);
  const at: { scope: PushScope | null } = { scope: null };
  const unfinished = entry.do === "work" ? await toWork(run, at, entry.why) : null;
  if (unfinished !== null) return unfinished;
  const begun = entry.do === "publish" ? await admitToPublish(run) : true;
  if (!begun || run.state.outcome !== null || !(await stillCounts(run))) return null;
  const published = await publish(run, {
    scope: at.scope,
    save: () => save(run),
    isJustSaved: entry.do === "work" && run.state.headSha !== null,
  });
  return published === "missing" ? workIsMissing(run, entry) : null;
}

/** The event of an ended issue whose job was put back into the queue by Bull Board alone. */
function putBack({ state: { failure, outcome } }: RunContext, { patch }: Begin): EventWords | undefined {
  if (patch.state !== "queued") return undefined;
  return { event: "issue:retried", reason: "its job was put back into the queue", evidence: { failure, outcome } };
}

function readScope(run: RunContext): Promise<PushScope> {
  const patient = { signal: run.switch.stop, factor: run.services.config.coordinator.backoff_factor };
  return withPatience(() => scopeOf(run, run.switch.stop, "lately"), patient);
}

/** admit → prepare → recover → work → save. `at` gets the scope. Null: there is work to publish, or the end. */
async function toWork(
  run: RunContext,
  at: { scope: PushScope | null },
  given: ResumeReason | null,
): Promise<Unfinished | null> {
  const scope = await readScope(run);
  const admitted = await admit(run);
  if (admitted === null) return null;
  const prepared = await prepare(run, { scope, admitted, why: given });
  at.scope = prepared.scope;
  const found = await recover(run, prepared);
  await run.write(prepared.patch);
  if (found !== null) return afterRecovery(run, found);
  const worked = await work(run, await writePrompts(run, { admitted, prepared }));
  const { question, verdict, leftRunning, summary, recorded } = worked;
  if (question !== null || (!verdict.ok && leftRunning === null)) return afterAgent(run, worked);
  return afterFinish(run, await finish(run, { summary, leftRunning }, recorded));
}

/** The same as after an agent, without one: its work is saved now. */
async function afterRecovery(run: RunContext, found: Recovered): Promise<Unfinished | null> {
  if (found.kind === "question") {
    run.log.info("the agent had asked a question before its run was lost");
    const saved = await save(run);
    await run.write({ headSha: saved.head, ...NOT_BROKEN_OFF, parked: 0 });
    await publishSaved(run, saved);
    await hearQuestion(run, found.text);
    return null;
  }
  run.log.info("the agent had done its work before its run was lost");
  const { summary, leftRunning, usage, models, denied, blockedHosts, reason, evidence } = found.note;
  const isKnown = isDeepStrictEqual(run.state.usage, usage);
  const recorded = isKnown
    ? Promise.resolve()
    : run.record({ usage, models, denied, blockedHosts }, { event: "agent:ended", reason, evidence });
  return afterFinish(run, await finish(run, { summary, leftRunning }, recorded));
}

async function afterFinish(run: RunContext, finished: Finished): Promise<Unfinished | null> {
  if (finished.kind === "done") return null;
  if (finished.saved !== null) await publishSaved(run, finished.saved);
  return { error: new StepFailure(finished.failure), agent: "ended" };
}

/** The finished work is neither here nor on GitHub: its runner is waited for, or it is done again from the branch, in a new run. */
async function workIsMissing(run: RunContext, entry: Begin): Promise<Unfinished | Disposition> {
  const { homeId, homeTrouble, now } = run.services;
  const trouble = await homeTrouble();
  // It may come back with the work.
  if (trouble !== null) return { error: new StepFailure({ kind: "disk", message: trouble }), agent: null };
  const { do: next, reason } = planMissing(run.state, { homeId, now: now() });
  // Nobody waits for that with a slot.
  if (next === "wait") return { error: new StepFailure({ kind: "github", message: reason }), agent: null };
  run.log.warn(reason);
  await run.record(NOTHING_DONE, { event: "work:missing", reason, evidence: {} });
  if (entry.do !== "work") return workAgain(run.state, now());
  // This run has done it: what takes it away each time must not be paid for without end.
  const message = "the workspace was taken away before its work was published";
  return { error: new StepFailure({ kind: "git", message }), agent: null };
}
