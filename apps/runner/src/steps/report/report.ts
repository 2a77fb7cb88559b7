import { isRefusedRequest } from "@tac8/core/github/errors";
import { answerText, failureText, questionText, withheldText } from "@tac8/core/outgoing/texts";
import { isValuable, leftOutText } from "@tac8/core/domain/leftOut";
import { ADVICE } from "@tac8/core/domain/failureWords";
import { END_EVENTS } from "@tac8/core/domain/events";
import { endedWell, type Outcome } from "@tac8/core/domain/states";
import type { Sign } from "@tac8/core/domain/labels";
import { showWithdrawn } from "@tac8/core/github/statusComment";
import type { JobResult } from "@tac8/core/queue/contract";
import type { RunContext } from "../../run/context.ts";
import type { LastWrite } from "../../run/lastWrite.ts";
import { withPatience } from "../../run/patience.ts";
import { byPublished, whyKept } from "../../janitor/published.ts";
import { removeWorkspace } from "../../workspace/remove.ts";
import { isCaused } from "../../issue/cause.ts";
import { feedbackHeard } from "./feedbackHeard.ts";
import { labelsWithoutWorking, showLabel, signOfEnd } from "../../issue/labels.ts";
import { isAnotherRound, pullWords } from "./pullWords.ts";
import { sayRefusedLabel } from "./refusedLabel.ts";
import { sayOnce, showStatus } from "../../issue/statusComment.ts";

const SIGN = {
  pr: "done",
  answered: "answered",
  blocked: "blocked",
  failed: "failed",
  expired: "failed",
  stopped: null,
  cancelled: null,
} as const;

/** An end that people can read of. */
export interface Told {
  readonly result: JobResult;
  /** What is left to be written of it. */
  readonly record: LastWrite;
}

/**
 * Tells people how it ended: comments, labels, the event log; then lets go of the workspace. Safe to repeat.
 */
export async function report(run: RunContext): Promise<Told> {
  const outcome = run.state.outcome ?? "failed";
  const patient = { signal: run.switch.lost, factor: run.services.config.coordinator.backoff_factor };
  await withPatience(() => consumeLabel(run), patient);
  // What GitHub refuses to take (a locked or deleted issue) changes nothing about the end; an outage is waited out.
  const stays = endedWell(outcome) ? await whyWorkspaceStays(run) : null;
  const say = (work: () => Promise<void>) => tolerate(run, () => withPatience(work, patient));
  const isHeard = await mayTell(run, outcome);
  const silent = isHeard ? await say(() => speak(run, outcome, stays)) : null;
  const unlabelled = isHeard ? await say(() => relabel(run, outcome)) : null;
  await run.write({ labelLeft: unlabelled === null || outcome === "blocked" ? null : run.state.labelEvent });
  const { prUrl, reason, prNumber, publishedSha, failure, questionId } = run.state;
  if (stays !== null) run.log.warn({ tree: run.paths.tree }, `the workspace stays: ${stays}`);
  else if (endedWell(outcome)) await letGoOfWorkspace(run);
  // One that Redis had forgotten was asked long ago: answers since then count, and so does the time.
  const sinceAsked = outcome === "blocked" && run.state.askedAt !== null ? { since: run.state.askedAt } : {};
  run.log.info(
    { outcome },
    outcome === "pr" ? `done: ${reasonOf(run, outcome)}` : `${outcome}: ${reasonOf(run, outcome)}`,
  );
  const commands = { stop: null, stopMode: null, cancel: null };
  const heard = endedWell(outcome) ? feedbackHeard(run.state) : {};
  const another = outcome === "pr" && isAnotherRound(run.state) ? ({ updated: 1 } as const) : {};
  const event = outcome === "failed" && failure === "untrusted" ? "label:refused" : END_EVENTS[outcome];
  const evidence = { pr: prNumber, sha: publishedSha, failure, question: questionId, silent, unlabelled };
  return {
    result: { outcome, prUrl: outcome === "pr" ? prUrl : null, reason },
    record: {
      patch: { state: outcome, ...sinceAsked, ...commands, endedAttempt: run.job.attemptsMade, ...heard },
      event: { event, reason: reasonOf(run, outcome), evidence: { ...timesOf(run), ...another, ...evidence } },
    },
  };
}

/** Nothing is said on an issue that nobody trusted has labelled, but to whoever has added the label without being trusted. */
async function mayTell(run: RunContext, outcome: Outcome): Promise<boolean> {
  // It only edits a comment of our own that is there.
  if (outcome === "withdrawn") return true;
  if (run.state.failure === "untrusted" && run.state.refusedLabel !== null) return true;
  return isCaused(run, run.switch.lost);
}

/** A label that was put on during the run belongs to it: it is used up too. */
async function consumeLabel(run: RunContext): Promise<void> {
  const { github } = run.services;
  const { ref, repository } = run;
  try {
    const event = await github.newestLabeledEvent(ref, ref.number, repository.issueLabel, { signal: run.switch.lost });
    if (event !== null && event.id > run.state.labelEvent) await run.write({ labelEvent: event.id });
  } catch (error) {
    if (!isRefusedRequest(error)) throw error; // A deleted issue has no events left.
  }
}

async function speak(run: RunContext, outcome: Outcome, stays: string | null): Promise<void> {
  const { state, repository } = run;
  if (outcome === "withdrawn") return sayWithdrawn(run);
  if (state.failure === "untrusted") return state.refusedLabel === null ? undefined : sayRefusedLabel(run);
  if (outcome === "blocked" && state.questionId === null) {
    const { id, createdAt } = await sayOnce(run, "question", questionOf(run));
    await run.write({ questionId: id, askedAt: createdAt });
  }
  const { denied, prNumber } = state;
  const trigger = repository.issueLabel;
  if (state.hasAnswer !== null) {
    await sayOnce(run, "answer", answerText({ answer: state.summary ?? "", trigger, prNumber, denied }));
  }
  if (outcome === "failed") {
    const advice = ADVICE[state.failure ?? "agent"];
    await sayOnce(
      run,
      "failure",
      failureText({
        reason: state.reason ?? "unknown",
        advice,
        trigger,
        prNumber,
        denied,
      }),
    );
  }
  // What is in a comment of its own is not said twice.
  const own = outcome === "blocked" || outcome === "answered";
  await showStatus(run, outcome, withRest(own ? { ...state, reason: null } : state, stays));
}

function questionOf({ state, services }: RunContext): string {
  const { question, withheld, runner } = state;
  if (withheld === null) return questionText(question ?? "");
  const label = withheld.canAllow ? services.config.github.label_allow : null;
  return withheldText({ reason: withheld.reason, label, where: runner ?? "its runner" });
}

/** What is in no pull request is where the agent left it. `stays`: why the workspace of one is kept. */
function withRest({ reason, unsaved, runner }: RunContext["state"], stays: string | null): string | null {
  const where = runner ?? "its runner";
  const left = unsaved === null ? null : leftOutText(unsaved, where);
  const isNamed = unsaved?.files.some(isValuable) === true;
  const rest =
    stays === null || isNamed
      ? null
      : `Not all that the agent has left is here: ${stays}. That is kept in the workspace on ${where}.`;
  const parts = [reason, left, rest].filter((part) => part !== null);
  return parts.map((part) => part.replace(/\.$/, "")).join(". ") || null;
}

/** Only where the scheduler's comment still says that it is queued. */
function sayWithdrawn(run: RunContext): Promise<void> {
  const { github, login } = run.services;
  const { ref, repository, now: since } = run;
  return showWithdrawn({ github, ref, login, trigger: repository.issueLabel, since, signal: run.switch.lost });
}

async function relabel(run: RunContext, outcome: Outcome): Promise<void> {
  const { github } = run.services;
  const { ref, repository } = run;
  const options = { signal: run.switch.lost };
  const labels = await labelsWithoutWorking(run);
  if (labels === null) return;
  await run.assertLive();
  await showLabel(run, signOf(run, outcome, labels), labels);
  const trigger = repository.issueLabel.toLowerCase();
  // A blocked job has not ended: taking its label off withdraws it.
  if (outcome === "blocked" || !labels.some((label) => label.toLowerCase() === trigger)) return;
  await github.removeLabel(ref, ref.number, repository.issueLabel, options);
}

/** Of a round that never began the sign of the one before stays. */
function signOf(run: RunContext, outcome: Outcome, labels: readonly string[]): Sign | null {
  if (outcome === "withdrawn") return signOfEnd(run, labels);
  if (run.state.failure === "untrusted") {
    return signOfEnd(run, labels) ?? (run.state.refusedLabel === null ? null : SIGN.failed);
  }
  return SIGN[outcome];
}

/** How long people waited for this end, in ms; null where it is not known. */
function timesOf({ state: { begun }, services }: RunContext): { sinceBegunMs: number | null } {
  return { sinceBegunMs: begun === null ? null : services.now() - Date.parse(begun) };
}

/** @returns what GitHub said when it refused, else null. */
async function tolerate(run: RunContext, work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    run.switch.lost.throwIfAborted();
    if (!isRefusedRequest(error)) throw error;
    run.log.warn({ err: error }, "GitHub did not take all of the report");
    return error.detail.slice(0, 200);
  }
}

/** Agents leave other branches, stashes and worktrees behind, which no pull request has. Null: what is there may go. */
async function whyWorkspaceStays(run: RunContext): Promise<string | null> {
  const { paths, state } = run;
  if (state.unsaved?.files.some(isValuable) === true) return "it has files that are in no commit";
  const place = run.place();
  const there = async (path: string) => ((await place.stat(path)) === null ? null : path);
  const [tree, gitDir] = [await there(paths.tree), await there(paths.gitDir)];
  if (gitDir === null) return null; // Its removal was broken off.
  const published = [state.madeSha, state.headSha, state.publishedSha, state.baseSha].filter((sha) => sha !== null);
  return whyKept({
    tree,
    gitDir,
    place,
    baseSha: state.baseSha,
    whyCommitsKept: byPublished({ place, gitDir: paths.gitDir }, published),
  });
}

/** One that can't be removed is the janitor's, not a reason to fail. */
async function letGoOfWorkspace(run: RunContext): Promise<void> {
  try {
    await removeWorkspace(run.place(), run.paths, { keepsSession: run.state.outcome === "answered" });
    await run.mirror.unpin(`base/gh-${run.ref.number}`, run.switch.lost);
  } catch (error) {
    run.log.warn({ err: error }, "the workspace could not be removed");
  }
}

function reasonOf({ state }: RunContext, outcome: Outcome): string {
  switch (outcome) {
    case "pr":
      return pullWords(state);
    case "blocked":
      return state.withheld === null ? "the agent asks a question" : "the finished work is withheld: a person decides";
    case "answered":
    case "failed":
    case "stopped":
    case "cancelled":
    case "withdrawn":
    case "expired":
      return state.reason ?? outcome;
    default:
      return outcome satisfies never;
  }
}
