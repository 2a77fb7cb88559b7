import { StepFailure } from "@tac8/core/domain/failures";
import { assertInScope, type PushScope } from "../../airlock/pushScope.ts";
import { TEMPLATE_FILE } from "../../prompt/template.ts";
import type { PrepareField } from "../../run/owners.ts";
import { agentRanHere } from "../../run/agentRanHere.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import type { Attempts, StepBasics, StepWorkspace } from "../../run/step.ts";
import type { Ahead } from "../../run/ahead.ts";
import { together } from "../../run/together.ts";
import type { IssueRecord } from "@tac8/core/state/issueState";
import { ensureUndamagedWorkspace } from "../../workspace/ensureUndamagedWorkspace.ts";
import type { Admitted, Prepared } from "../handover.ts";
import type { ResumeReason } from "../../prompt/prompt.ts";
import { GitHubError, isRefusedRequest } from "@tac8/core/github/errors";
import type { Comment, Issue } from "@tac8/core/github/types";
import { readReply } from "./reply.ts";
import { chooseBranch } from "../../issue/branch.ts";
import { assertRulesAllow } from "./branchRules.ts";
import type { IssueLabels } from "../../issue/labels.ts";
import { isRefusedEverywhere, refusedEverywhere } from "./refusedEverywhere.ts";
import { sessionOutlives } from "./session.ts";
import { scopeOf } from "../../issue/scope.ts";
import type { StatusComment } from "../../issue/statusComment.ts";
import { isTrusted } from "../../issue/trusted.ts";
import { pullBefore } from "../../issue/round.ts";

export interface PrepareNeeds extends StepBasics<PrepareField>, StepWorkspace {
  /**
   * A stop does not abort the requests of `comment` and `labels`, because GitHub may still carry out an aborted request after the report
   * of the end. Only the loss of the job aborts them.
   */
  readonly comment: Pick<StatusComment, "show">;
  readonly labels: Pick<IssueLabels, "show">;
  readonly attempts: Attempts;
  /** Id of the data folder. Sessions are stored in it. */
  readonly dataFolderId: string;
  /** Email address of the commits' author. */
  readonly authorEmail: string;
  readonly now: () => number;
}

export interface PrepareInput {
  readonly scope: PushScope;
  readonly admitted: Admitted;
  /** Why the agent's work is resumed; null if it is new. */
  readonly resumeReason: ResumeReason | null;
  /** Update of the mirror from GitHub, which was started beside `admit`. */
  readonly refresh: Pick<Ahead<void>, "result">;
}

/**
 * Wait for the mirror's update, choose the branch, prepare the workspace, and record and show on the issue that work starts.
 * @throws StepFailure
 */
export async function prepare(
  run: PrepareNeeds,
  { scope: recentScope, admitted, resumeReason: entryReason, refresh }: PrepareInput,
): Promise<Prepared> {
  const { backoffFactor, github } = run.issue;
  const { issue, comments } = admitted;
  const resumeReason = await withReply(run, entryReason, comments);
  // The fetch was started before `admit` and takes longer than the requests below. All run at the same time, because none of them needs
  // the result of another.
  const [, { branch, pull }] = await together(run.signal, [
    () => startAndShow(run, { issue, comments }),
    (signal) => {
      const choose = () => chooseBranch(recentScope, (name) => github.pullsOfBranch(run.issue.ref, name, { signal }));
      return withRetry(choose, { signal, backoffFactor });
    },
    (signal) => refresh.result(signal),
  ]);
  const { scope, baseSha } = await findBase(run, recentScope);
  const { base, defaultBranch } = scope;
  assertInScope(branch, scope); // Before the agent costs money.
  const headOnGitHub = await run.mirror.branch(branch);
  const needed = headOnGitHub === null ? [baseSha] : [baseSha, headOnGitHub];
  await together(run.signal, [
    (signal) => assertRulesAllow({ ...run, signal }, { branch, exists: headOnGitHub !== null }),
    (signal) => run.mirror.verify(needed, `base/gh-${issue.number}`, signal),
  ]);
  const start = headOnGitHub ?? baseSha;
  await run.mirror.pin(`base/gh-${issue.number}`, baseSha, run.signal);
  const goal = {
    branch,
    start,
    base: baseSha,
    baseNames: { base, defaultBranch },
    isBranchOnGitHub: headOnGitHub !== null,
  };
  const { paths, place, mirror } = run;
  const [workspace, template] = await together(run.signal, [
    () =>
      ensureUndamagedWorkspace(mirror, { paths, place, mirrorDir: mirror.paths.dir, goal, quarantineSuffix: run.id }),
    async () => {
      // An error is ignored, because the template is read again when the prompt is written. It may fail here because a damaged mirror is
      // being replaced at the same time.
      return mirror.file(baseSha, TEMPLATE_FILE).catch(() => undefined);
    },
  ]);
  if (run.mirror.quarantined !== null) {
    run.log.warn(
      { quarantined: run.mirror.quarantined },
      "the mirror of the repository was damaged and is quarantined: cloned a new one",
    );
  }
  if (workspace.quarantined !== null) {
    run.log.warn({ quarantined: workspace.quarantined }, `quarantined the old workspace, because ${workspace.because}`);
  }
  if (workspace.how === "replayed") {
    run.log.warn({ branch }, "another contributor pushed to the branch: the workspace's commits are on top of theirs");
  }
  const isSessionHere = agentRanHere(run.record.state, run.dataFolderId);
  // A new round has a session only if the previous round ended with an answer, so the agent of that session changed nothing.
  const isNextRound = resumeReason?.kind === "next-round";
  const beginsRound = run.record.state.checkpoint === "none" && (resumeReason === null || isNextRound);
  const patch = {
    checkpoint: "prepared",
    "branch.name": branch,
    "branch.base": baseSha,
    "branch.start": workspace.head,
    "branch.head": null,
    "branch.published": headOnGitHub,
    "branch.publishedFrom": null,
    "branch.others": newestOfOthers(headOnGitHub, run.record.state),
    "branch.rebase": null,
    ...(sessionOutlives(workspace.how, { isSessionHere, changedNothing: isNextRound })
      ? {}
      : { "agent.session": null }),
    "pull.number": pull?.number ?? null,
    "pull.url": pull?.url ?? null,
    "pull.headBefore": pullBefore(run.record.state, { pull, beginsRound }),
    ...(beginsRound ? { "work.autoCommitted": null } : {}),
  } as const;
  const hasEarlierWork = headOnGitHub !== null || workspace.how !== "created";
  return { scope, baseSha, workspaceHow: workspace.how, patch, resumeReason, hasEarlierWork, pull, template };
}

/** Return the base commit in the mirror. If the base branch is missing, read the repository again, because its default branch may have been renamed. */
async function findBase(run: PrepareNeeds, recentScope: PushScope): Promise<{ scope: PushScope; baseSha: string }> {
  const baseOfRecent = await run.mirror.branch(recentScope.base);
  if (baseOfRecent !== null) return { scope: recentScope, baseSha: baseOfRecent };
  const retry = retryOptionsOf(run);
  const scope = await withRetry(() => scopeOf(run), retry);
  const baseSha = await run.mirror.branch(scope.base);
  if (baseSha !== null) return { scope, baseSha };
  throw new StepFailure({ kind: "git", message: `the base branch ${scope.base} does not exist on GitHub` });
}

/** Read the reply from GitHub. If it is missing there, the run continues as after an interruption. */
async function withReply(
  run: PrepareNeeds,
  entryReason: ResumeReason | null,
  comments: readonly Comment[],
): Promise<ResumeReason | null> {
  if (entryReason?.kind !== "reply") return entryReason;
  const { login } = run.issue;
  const retry = retryOptionsOf(run);
  const reply = await withRetry(
    () => readReply(comments, { login, mayReply: (author) => isTrusted(run, author) }),
    retry,
  );
  if (reply === null) run.log.warn("the reply is missing on the issue: the run continues without it");
  return reply === null ? { kind: "interrupted" } : { ...reply, withheld: entryReason.withheld ?? null };
}

/** Return the newest commit of other contributors on the branch. It must stay on the branch, even if the agent rewrites the history. */
function newestOfOthers(headOnGitHub: string | null, before: IssueRecord): string | null {
  if (headOnGitHub === null) return null;
  return headOnGitHub === before.branch.published ? before.branch.others : headOnGitHub;
}

/**
 * Record that the work starts (state `running`), and show it on the issue. A refused comment or label does not stop the run, unless the
 * token may write nowhere in the repository: then no agent starts. @throws StepFailure
 */
async function startAndShow(
  run: PrepareNeeds,
  { issue, comments }: { readonly issue: Issue; readonly comments: readonly Comment[] },
): Promise<void> {
  const attempt = run.attempts.made + 1;
  const { state, since } = run.record.state;
  const waitedMs = state === "queued" && since !== null ? run.now() - Date.parse(since) : null;
  const reason = attempt === 1 ? "work began" : `attempt ${attempt} began`;
  await run.record.write({ state: "running" }, { event: "run:started", reason, evidence: { attempt, waitedMs } });
  try {
    await run.comment.show("running", null, comments);
    await run.labels.show("working", issue.labels);
  } catch (error) {
    run.signal.throwIfAborted();
    const isNotFound = error instanceof GitHubError && error.kind === "not-found";
    const issueNow = isNotFound
      ? await run.issue.github.issue(run.issue.ref, run.issue.ref.number, { signal: run.signal })
      : null;
    if (isRefusedEverywhere(error, issue, issueNow?.kind ?? null)) throw new StepFailure(refusedEverywhere(error));
    const message = error instanceof Error ? error.message : String(error);
    run.log.warn({ refused: isRefusedRequest(error) }, `could not show on the issue that work started: ${message}`);
  }
}
