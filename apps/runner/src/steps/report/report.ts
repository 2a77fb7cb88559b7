import { isRefusedRequest } from "@tac8/core/github/errors";
import { answerText, failureText, questionText, withheldText } from "@tac8/core/outgoing/texts";
import { isValuable, leftOutText } from "@tac8/core/domain/leftOut";
import { ADVICE } from "@tac8/core/domain/failureWords";
import { END_EVENTS } from "@tac8/core/domain/events";
import { endedWell, type Outcome } from "@tac8/core/domain/states";
import type { StatusLabel } from "@tac8/core/domain/labels";
import { showWithdrawn } from "@tac8/core/github/statusComment";
import type { JobResult } from "@tac8/core/queue/contract";
import { applyPatch, type IssueRecord } from "@tac8/core/state/issueState";
import type { ReportField } from "../../run/owners.ts";
import type { Attempts, StepBasics, StepWorkspace } from "../../run/step.ts";
import type { LastWrite } from "../../run/lastWrite.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import { unlessPublished, whyKept } from "../../janitor/published.ts";
import { removeWorkspace } from "../../workspace/remove.ts";
import { startEventOf, type StartEvent } from "../../issue/startEvent.ts";
import { feedbackRecorded } from "./feedbackRecorded.ts";
import type { IssueLabels } from "../../issue/labels.ts";
import { isAnotherRound, pullWords } from "./pullWords.ts";
import { reportRefusedLabel } from "./refusedLabel.ts";
import { commentOnce, type StatusComment } from "../../issue/statusComment.ts";

const END_LABELS = {
  pr: "done",
  answered: "answered",
  blocked: "blocked",
  failed: "failed",
  expired: "failed",
  stopped: null,
  cancelled: null,
} as const;

export interface ReportNeeds extends StepBasics<ReportField>, StepWorkspace {
  readonly comment: Pick<StatusComment, "show">;
  readonly labels: IssueLabels;
  readonly attempts: Attempts;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

/** A reported end. */
export interface Reported {
  readonly result: JobResult;
  /** The last write about it. */
  readonly lastWrite: LastWrite;
}

/**
 * Report how the issue ended, in comments and labels. Then remove the workspace if the issue ended well and nothing in it must be kept.
 * The returned last write has the state and the event: `apply` writes it. Safe to repeat.
 * @param startEvent undefined if the run has not read it
 */
export async function report(run: ReportNeeds, startEvent: StartEvent | undefined): Promise<Reported> {
  const outcome = run.record.state.end.outcome ?? "failed";
  const retry = retryOptionsOf(run);
  await withRetry(() => markLabelUsed(run), retry);
  const keepReason = endedWell(outcome) ? await whyWorkspaceKept(run) : null;
  // A request that GitHub refuses (on a locked or deleted issue) does not change the end. During an outage the report waits.
  const ifAccepted = (work: () => Promise<void>) => tolerateRefusal(run, () => withRetry(work, retry));
  const mayWrite = await mayReport(run, outcome, startEvent);
  const commentRefusal = mayWrite ? await ifAccepted(() => writeComments(run, outcome, keepReason)) : null;
  const labelRefusal = mayWrite ? await ifAccepted(() => relabel(run, outcome)) : null;
  await run.record.write({
    "label.notRemoved": labelRefusal === null || outcome === "blocked" ? null : run.record.state.label.event,
  });
  const { url: prUrl, number: prNumber } = run.record.state.pull;
  const { reason, failure } = run.record.state.end;
  const publishedSha = run.record.state.branch.published;
  const questionId = run.record.state.question.commentId;
  if (keepReason !== null) run.log.warn({ tree: run.paths.tree }, `kept the workspace: ${keepReason}`);
  else if (endedWell(outcome)) await removeFinishedWorkspace(run);
  // `blocked` begins with the question's comment: replies from then on count, and the time until the question expires begins then. The
  // comment may be older than this run: if Redis did not have its id, it was found on the issue.
  const sinceAsked =
    outcome === "blocked" && run.record.state.question.askedAt !== null
      ? { since: run.record.state.question.askedAt }
      : {};
  run.log.info(
    { outcome },
    outcome === "pr" ? `done: ${reasonOf(run, outcome)}` : `${outcome}: ${reasonOf(run, outcome)}`,
  );
  const commands = { "command.stop": null, "command.stopMode": null, "command.cancel": null };
  const feedbackPatch = endedWell(outcome) ? feedbackRecorded(run.record.state) : {};
  const roundEvidence = outcome === "pr" && isAnotherRound(run.record.state) ? ({ updated: 1 } as const) : {};
  const event = outcome === "failed" && failure === "untrusted" ? "label:refused" : END_EVENTS[outcome];
  // Fixed names of the log: `silent` is GitHub's message if it refused the comments, `unlabelled` if it refused the labels.
  const refusals = { silent: commentRefusal, unlabelled: labelRefusal };
  const evidence = { pr: prNumber, sha: publishedSha, failure, question: questionId, ...refusals };
  return {
    result: { outcome, prUrl: outcome === "pr" ? prUrl : null, reason },
    lastWrite: {
      patch: { state: outcome, ...sinceAsked, ...commands, "end.attempt": run.attempts.made, ...feedbackPatch },
      event: { event, reason: reasonOf(run, outcome), evidence: { ...timesOf(run), ...roundEvidence, ...evidence } },
    },
  };
}

/**
 * Return whether tac8 may change the issue's comments and labels. If no trusted account added the label, tac8 only refuses the label, in a
 * comment for the account that added it.
 */
async function mayReport(run: ReportNeeds, outcome: Outcome, startEvent: StartEvent | undefined): Promise<boolean> {
  // The report of `withdrawn` only edits an existing comment of tac8.
  if (outcome === "withdrawn") return true;
  if (run.record.state.end.failure === "untrusted" && run.record.state.label.refused !== null) return true;
  return (await startEventOf(run, startEvent)) !== null;
}

/** Mark label events during the run as used, because they belong to it. */
async function markLabelUsed(run: ReportNeeds): Promise<void> {
  const { github, ref, repository } = run.issue;
  try {
    const event = await github.newestLabeledEvent(ref, ref.number, repository.issueLabel, { signal: run.signal });
    if (event !== null && event.id > run.record.state.label.event) await run.record.write({ "label.event": event.id });
  } catch (error) {
    if (!isRefusedRequest(error)) throw error; // A deleted issue has no events left.
  }
}

async function writeComments(run: ReportNeeds, outcome: Outcome, keepReason: string | null): Promise<void> {
  const { state } = run.record;
  const { repository } = run.issue;
  if (outcome === "withdrawn") return reportWithdrawn(run);
  if (state.end.failure === "untrusted") return state.label.refused === null ? undefined : reportRefusedLabel(run);
  if (outcome === "blocked" && state.question.commentId === null) {
    const { id, createdAt } = await commentOnce(run, "question", questionOf(run));
    await run.record.write({ "question.commentId": id, "question.askedAt": createdAt });
  }
  const { denied } = state.agent;
  const prNumber = state.pull.number;
  const trigger = repository.issueLabel;
  if (state.work.isAnswer !== null) {
    await commentOnce(run, "answer", answerText({ answer: state.work.summary ?? "", trigger, prNumber, denied }));
  }
  if (outcome === "failed") {
    const advice = ADVICE[state.end.failure ?? "agent"];
    await commentOnce(
      run,
      "failure",
      failureText({
        reason: state.end.reason ?? "unknown",
        advice,
        trigger,
        prNumber,
        denied,
      }),
    );
  }
  // The question or the answer is in a separate comment, so the status comment does not repeat it. The reason of a failure is in both.
  const hasOwnComment = outcome === "blocked" || outcome === "answered";
  await run.comment.show(
    outcome,
    reasonWithLeftWork(hasOwnComment ? applyPatch(state, { "end.reason": null }) : state, keepReason),
  );
}

function questionOf({ record, issue }: ReportNeeds): string {
  const question = record.state.question.text;
  const { withheld } = record.state.work;
  const { runner } = record.state.run;
  if (withheld === null) return questionText(question ?? "");
  const label = withheld.canAllow ? issue.policy.label_allow : null;
  return withheldText({ reason: withheld.reason, label, where: runner ?? "its runner" });
}

/** Append a sentence about work that is not in the pull request. @param keepReason why the workspace is kept */
function reasonWithLeftWork(
  { end: { reason }, work: { uncommitted }, run: { runner }, pull: { number: prNumber } }: IssueRecord,
  keepReason: string | null,
): string | null {
  const where = runner ?? "its runner";
  const uncommittedWords = uncommitted === null ? null : leftOutText(uncommitted, where);
  const isNamed = uncommitted?.files.some(isValuable) === true;
  const keptWords =
    keepReason === null || isNamed
      ? null
      : `Some of the agent's work is not ${prNumber === null ? "on GitHub" : "in this pull request"}: ${keepReason}. It is kept in the workspace on ${where}.`;
  const parts = [reason, uncommittedWords, keptWords].filter((part) => part !== null);
  return parts.map((part) => part.replace(/\.$/, "")).join(". ") || null;
}

/** Report that the issue was withdrawn, only if the scheduler's comment still says that it is in the queue. */
function reportWithdrawn(run: ReportNeeds): Promise<void> {
  const { github, login, ref, repository } = run.issue;
  const since = new Date(run.now()).toISOString();
  return showWithdrawn({ github, ref, login, trigger: repository.issueLabel, since, signal: run.signal });
}

async function relabel(run: ReportNeeds, outcome: Outcome): Promise<void> {
  const { github, ref, repository } = run.issue;
  const options = { signal: run.signal };
  const labels = await run.labels.withoutWorking();
  if (labels === null) return;
  await run.record.assertLive();
  await run.labels.show(labelOfOutcome(run, outcome, labels), labels);
  const trigger = repository.issueLabel.toLowerCase();
  // A blocked issue is not finished: removing its label would withdraw it.
  if (outcome === "blocked" || !labels.some((label) => label.toLowerCase() === trigger)) return;
  await github.removeLabel(ref, ref.number, repository.issueLabel, options);
}

/** Return the label that shows the outcome. If the round never started, the end label of the previous round is kept. */
function labelOfOutcome(run: ReportNeeds, outcome: Outcome, labels: readonly string[]): StatusLabel | null {
  if (outcome === "withdrawn") return run.labels.endLabelOf(labels);
  if (run.record.state.end.failure === "untrusted") {
    return run.labels.endLabelOf(labels) ?? (run.record.state.label.refused === null ? null : END_LABELS.failed);
  }
  return END_LABELS[outcome];
}

/** Return how long users waited for this end, in ms; null if it is not known. */
function timesOf({ record, now }: ReportNeeds): { sinceBegunMs: number | null } {
  const begun = record.state.round.queuedAt;
  return { sinceBegunMs: begun === null ? null : now() - Date.parse(begun) };
}

/** Do a part of the report that GitHub may refuse. @returns GitHub's message if it refused, otherwise null */
async function tolerateRefusal(run: ReportNeeds, work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    run.signal.throwIfAborted();
    if (!isRefusedRequest(error)) throw error;
    run.log.warn({ err: error }, "GitHub refused a part of the report on the issue");
    return error.detail.slice(0, 200);
  }
}

/** Return why the workspace must be kept, for example branches, stashes and worktrees that are in no pull request. Null if it can be removed. */
async function whyWorkspaceKept(run: ReportNeeds): Promise<string | null> {
  const { paths, place } = run;
  const { state } = run.record;
  if (state.work.uncommitted?.files.some(isValuable) === true) return "it has files that are not committed";
  const pathIfExists = async (path: string) => ((await place.stat(path)) === null ? null : path);
  const [tree, gitDir] = [await pathIfExists(paths.tree), await pathIfExists(paths.gitDir)];
  if (gitDir === null) return null; // The removal of the workspace was interrupted.
  const published = [state.branch.publishedFrom, state.branch.head, state.branch.published, state.branch.base].filter(
    (sha) => sha !== null,
  );
  return whyKept({
    tree,
    gitDir,
    place,
    baseSha: state.branch.base,
    whyCommitsKept: unlessPublished({ place, gitDir: paths.gitDir }, published),
  });
}

/** Remove the workspace. If this fails, the janitor removes it later. */
async function removeFinishedWorkspace(run: ReportNeeds): Promise<void> {
  try {
    await removeWorkspace(run.place, run.paths, { keepsSession: run.record.state.end.outcome === "answered" });
    await run.mirror.unpin(`base/gh-${run.issue.ref.number}`, run.signal);
  } catch (error) {
    run.log.warn({ err: error }, "could not remove the workspace: the janitor tries again later");
  }
}

function reasonOf({ record: { state } }: ReportNeeds, outcome: Outcome): string {
  switch (outcome) {
    case "pr":
      return pullWords(state);
    case "blocked":
      return state.work.withheld === null
        ? "the agent asks a question"
        : "the finished work is withheld and needs a decision";
    case "answered":
    case "failed":
    case "stopped":
    case "cancelled":
    case "withdrawn":
    case "expired":
      return state.end.reason ?? outcome;
    default:
      return outcome satisfies never;
  }
}
