import { isDeepStrictEqual } from "node:util";
import { NOT_BROKEN_OFF } from "@tac8/core/domain/brokenOff";
import { StepFailure } from "@tac8/core/domain/failures";
import type { EventDescription } from "@tac8/core/domain/events";
import type { ResumeReason } from "../prompt/prompt.ts";
import { hasReached } from "@tac8/core/domain/states";
import { groupPatch } from "@tac8/core/state/issueState";
import { admit, admitToPublish, type AdmitResult } from "../steps/admit/admit.ts";
import { startEventOf } from "../issue/startEvent.ts";
import { askEndedSince, needsEndCheck } from "../issue/endedSince.ts";
import { saveFinishedWork, type Finished } from "../steps/save/saveFinishedWork.ts";
import { checkStillCounts } from "../issue/textThatCounts.ts";
import { prepare } from "../steps/prepare/prepare.ts";
import { writePrompts } from "../steps/prepare/prompts.ts";
import { adoptPull } from "../steps/publish/adoptPull.ts";
import { publish } from "../steps/publish/publish.ts";
import { publishSaved } from "../steps/publish/publishSaved.ts";
import { recordQuestion } from "../steps/save/question.ts";
import { recover, type Recovered } from "../steps/recover/recover.ts";
import { save } from "../steps/save/save.ts";
import { scopeOf } from "../issue/scope.ts";
import type { PushScope } from "../airlock/pushScope.ts";
import { work } from "../steps/work/work.ts";
import { afterAgent } from "./afterAgent.ts";
import {
  admitNeeds,
  issueAccess,
  prepareNeeds,
  promptNeeds,
  publishNeeds,
  recoverNeeds,
  saveNeeds,
  workNeeds,
} from "./needs.ts";
import type { Run } from "./run.ts";
import { WORK_LOST_PATCH, workAgain } from "./planDisposition.ts";
import type { Disposition } from "./disposition.ts";
import type { Entry } from "./entry.ts";
import { planMissing } from "./missing.ts";
import { startAhead } from "../run/ahead.ts";
import { retryOptionsOf, withRetry } from "../run/retry.ts";
import type { Unfinished } from "./planUnfinished.ts";
import { saveLost } from "./saveLost.ts";
import { reportEnd, settleUnfinished } from "./settle.ts";

/** First step of a run that has something to do. */
export type EntryWithSteps = Exclude<Entry, { do: "wait" | "close-job" }>;

/** The next part of a run: publish the finished work, or report the issue's end, which is in the record. */
type Next = "publish" | "report";

/**
 * Run the steps, from the first one to the disposition of the job. The result of a step is in the record before the next step
 * begins.
 * @param isHeld the issue's repository is held, and this run probes it
 */
export async function runSteps(run: Run, entry: EntryWithSteps, isHeld: boolean): Promise<Disposition> {
  let end: "report" | Unfinished | Disposition;
  try {
    end = await runToEnd(run, entry);
    // A user may have merged the pull request, and so closed the issue, before the pull request's number was recorded.
    const mayHavePull =
      run.record.state.end.outcome === "cancelled" && hasReached(run.record.state.checkpoint, "worked");
    if (end === "report" && mayHavePull) await adoptPull(publishNeeds(run));
  } catch (error) {
    end = { error, agentEnd: null };
  }
  if (end === "report") return reportEnd(run, { isHeld });
  return "do" in end ? end : settleUnfinished(run, end, { isHeld });
}

/** Run the steps until the issue's end. @returns `report` if the record has the end */
async function runToEnd(run: Run, entry: EntryWithSteps): Promise<"report" | Unfinished | Disposition> {
  const access = { ...issueAccess(run, run.haltSwitch.abandon), record: run.record };
  if (needsEndCheck(run.record.state, entry.patch) && (await askEndedSince(access))) {
    // GitHub already shows how the issue ended. The outcome is `withdrawn`, because its report changes neither the end label nor the
    // comment of a run.
    const reason = "the issue ended after the backup from which Redis was restored";
    const end = { "end.outcome": "withdrawn", "end.reason": reason, "end.failure": null, "end.run": run.id } as const;
    await run.record.write({ ...end, restoredAt: null, "job.hold": null, "command.cancel": null });
    return "report";
  }
  await run.record.write({ ...entry.patch, restoredAt: null, "job.hold": null }, requeuedByHandEvent(run, entry));
  if (entry.do === "save-and-fail") {
    run.knowledge.startEvent = await startEventOf(issueAccess(run, run.haltSwitch.halt), run.knowledge.startEvent);
    if (run.knowledge.startEvent !== null) await saveLost(run);
  }
  const next = entry.do === "work" ? await runThroughWork(run, entry.resumeReason) : await withoutAgent(run, entry);
  if (next !== "publish") return next;
  if (!(await textCounts(run))) return "report";
  const published = await publish(publishNeeds(run), {
    scope: run.knowledge.scope,
    countedTitle: run.knowledge.text.countedTitle,
    save: () => save(saveNeeds(run)),
    isJustSaved: entry.do === "work" && run.record.state.branch.head !== null,
  });
  return published === "missing" ? handleMissingWork(run, entry) : "report";
}

/** Return the next part of a run that starts no agent. */
async function withoutAgent(run: Run, entry: EntryWithSteps): Promise<Next> {
  return entry.do === "publish" && !(await mayPublish(run)) ? "report" : nextOf(run);
}

function nextOf({ record }: Run): Next {
  return record.state.end.outcome === null ? "publish" : "report";
}

async function mayPublish(run: Run): Promise<boolean> {
  const { continues, admitResult: read, startEvent } = await admitToPublish(admitNeeds(run), run.knowledge.startEvent);
  if (read !== null) rememberAdmitResult(run, read);
  if (startEvent !== undefined) run.knowledge.startEvent = startEvent;
  return continues;
}

/** Store what `admit` has read. */
function rememberAdmitResult({ knowledge }: Run, { admitted, startEvent }: AdmitResult): void {
  knowledge.hasReadIssue = true;
  if (startEvent !== undefined) knowledge.startEvent = startEvent;
  if (admitted !== null) knowledge.text = { ...knowledge.text, countedTitle: admitted.countedTitle };
}

/** Check that the text on which the work is based still counts. @returns false if an edit stops the publication: the record has the end */
async function textCounts(run: Run): Promise<boolean> {
  const { knowledge, haltSwitch } = run;
  const { stop, ...text } = await checkStillCounts({ ...admitNeeds(run), signal: haltSwitch.abandon }, knowledge.text);
  knowledge.text = text;
  if (text.edit !== null) knowledge.startEvent = text.edit.startEvent;
  return stop === null;
}

/** Return the event for an ended issue whose job was requeued in Bull Board, without tac8. */
function requeuedByHandEvent({ record: { state } }: Run, { patch }: EntryWithSteps): EventDescription | undefined {
  if (patch.state !== "queued") return undefined;
  const { failure, outcome } = state.end;
  return { event: "issue:retried", reason: "its job was requeued", evidence: { failure, outcome } };
}

function readScope(run: Run): Promise<PushScope> {
  const access = issueAccess(run, run.haltSwitch.halt);
  return withRetry(() => scopeOf(access, "recent"), retryOptionsOf(access));
}

function refreshMirror({ mirror, issue }: Run, signal: AbortSignal): Promise<void> {
  return withRetry(() => mirror.refresh(signal), { signal, backoffFactor: issue.backoffFactor });
}

/** Run admit → prepare → recover → work → save. */
async function runThroughWork(run: Run, entryReason: ResumeReason | null): Promise<Next | Unfinished> {
  const scope = await readScope(run);
  await using refresh = startAhead(run.haltSwitch.halt, (signal) => refreshMirror(run, signal));
  const admitResult = await admit(admitNeeds(run));
  rememberAdmitResult(run, admitResult);
  const { admitted } = admitResult;
  if (admitted === null) return "report";
  const prepared = await prepare(prepareNeeds(run), { scope, admitted, resumeReason: entryReason, refresh });
  run.knowledge.scope = prepared.scope;
  const recovered = await recover(recoverNeeds(run), prepared);
  await run.record.write(prepared.patch);
  if (recovered !== null) return afterRecovery(run, recovered);
  const prompts = await writePrompts(promptNeeds(run), { admitted, prepared });
  const workResult = await work(workNeeds(run), prompts, admitted.countedTitle);
  run.knowledge.text = workResult.text;
  const { question, agentResult, leftRunning, summary, recorded } = workResult;
  if (question !== null || (!agentResult.ok && leftRunning === null)) return afterAgent(run, workResult);
  return afterFinish(run, await saveFinishedWork(saveNeeds(run), { summary, leftRunning }, recorded));
}

/** Save the recovered work, as after an agent. */
async function afterRecovery(run: Run, recovered: Recovered): Promise<Next | Unfinished> {
  if (recovered.kind === "question") {
    run.log.info("the agent of a lost run had asked a question: the question is recovered");
    const saved = await save(saveNeeds(run));
    await run.record.write({ "branch.head": saved.head, ...groupPatch("counts", NOT_BROKEN_OFF), "counts.parked": 0 });
    await publishSaved(publishNeeds(run), saved);
    await recordQuestion(saveNeeds(run), recovered.text);
    return "report";
  }
  run.log.info("the agent of a lost run had finished: its work is recovered");
  const { summary, leftRunning, usage, models, denied, blockedHosts, reason, evidence } = recovered.note;
  // The lost run may have recorded the end of its agent before it died. Then the record already has this usage.
  const isKnown = isDeepStrictEqual(run.record.state.agent.usage, usage);
  const recorded = isKnown
    ? Promise.resolve()
    : run.record.writeEvent(
        { "agent.usage": usage, "agent.models": models, "agent.denied": denied, "agent.blockedHosts": blockedHosts },
        { event: "agent:ended", reason, evidence },
      );
  return afterFinish(run, await saveFinishedWork(saveNeeds(run), { summary, leftRunning }, recorded));
}

async function afterFinish(run: Run, finished: Finished): Promise<Next | Unfinished> {
  if (finished.kind === "done") return nextOf(run);
  if (finished.saved !== null) await publishSaved(publishNeeds(run), finished.saved);
  return { error: new StepFailure(finished.failure), agentEnd: "without result" };
}

/** Handle finished work that is neither here nor on GitHub: wait for its runner, or do it again from the branch in a new run. */
async function handleMissingWork(run: Run, entry: EntryWithSteps): Promise<Unfinished | Disposition> {
  const { dataFolderId, dataFolderTrouble, now } = run.services;
  const trouble = await dataFolderTrouble();
  // The data folder may return, with the work in it.
  if (trouble !== null) return { error: new StepFailure({ kind: "disk", message: trouble }), agentEnd: null };
  const { do: next, reason } = planMissing(run.record.state, { dataFolderId, now: now() });
  // Nothing failed on GitHub. The kind `github` is used because it has the wanted delays and parks the job, so that the job uses no slot
  // and no attempt.
  if (next === "wait") return { error: new StepFailure({ kind: "github", message: reason }), agentEnd: null };
  run.log.warn(reason);
  await run.record.writeEvent(WORK_LOST_PATCH, { event: "work:missing", reason, evidence: {} });
  if (entry.do !== "work") return workAgain(run.record.state, now());
  // This run did the work. If something removes the workspace each time, the costs must have a limit.
  const message = "the workspace was removed before its work was published";
  return { error: new StepFailure({ kind: "git", message }), agentEnd: null };
}
