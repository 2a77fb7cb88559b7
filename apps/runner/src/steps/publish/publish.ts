import { isDeepStrictEqual } from "node:util";
import { StepFailure } from "@tac8/core/domain/failures";
import { isRefusedRequest } from "@tac8/core/github/errors";
import type { Pull } from "@tac8/core/github/types";
import { applyPatch } from "@tac8/core/state/issueState";
import { assertInScope, type PushScope } from "../../airlock/pushScope.ts";
import type { CountedTitle } from "../../issue/textThatCounts.ts";
import { outcomeWithoutChange } from "../../issue/round.ts";
import { scopeOf } from "../../issue/scope.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";
import type { SavedWork } from "../handover.ts";
import { findOrOpenPull, type PullNeeds } from "./findOrOpenPull.ts";
import { NoBase } from "./compareWithBase.ts";
import { withIntactMirror, pushWork } from "./pushWork.ts";
import { renameUnpublishedBranch } from "./rename.ts";

/**
 * Maximum number of branches to which one run publishes. If a user closes or merges more pull requests during one publication, the issue
 * fails and its message says so.
 */
const MAX_BRANCHES = 3;

/** Result of the step. `missing`: the work no longer exists anywhere. `done`: the record has the issue's end. */
export type Published = "done" | "missing";

export interface PublishInput {
  /** Scope that this run has already read; null if it has to be read now. */
  readonly scope: PushScope | null;
  /** The issue's title that counts; null if it is not known. */
  readonly countedTitle: CountedTitle | null;
  /** Commit finished work that could not be saved when its agent ended, because the disk was full. */
  readonly save: () => Promise<SavedWork>;
  /** Whether this run has just saved the work. Then the work is in the workspace, and the workspace is not checked first. */
  readonly isJustSaved: boolean;
}

/**
 * Push the finished work, and find or open its pull request. Safe to repeat at any point. If GitHub refuses a request, the repository is read
 * again: if it has another default branch than at the start of the work, the work is published again; if it was renamed, the error says so.
 */
export async function publish(run: PullNeeds, input: PublishInput): Promise<Published> {
  try {
    return await publishInScope(run, input);
  } catch (error) {
    // The mirror no longer has the base branch if another run has refreshed the mirror meanwhile.
    const isStale = isRefusedRequest(error) || error instanceof NoBase;
    if (input.scope === null || !isStale) throw error;
    const scope = await readScope(run);
    if (isDeepStrictEqual(scope, input.scope)) throw error;
    run.log.warn(
      { base: scope.base },
      "the repository's default branch has changed since the work started: publishing again",
    );
    return publishInScope(run, { ...input, scope });
  }
}

function readScope(run: PullNeeds): Promise<PushScope> {
  const retry = retryOptionsOf(run);
  return withRetry(() => scopeOf(run), retry);
}

async function publishInScope(run: PullNeeds, input: PublishInput): Promise<Published> {
  const retry = retryOptionsOf(run);
  const scope = input.scope ?? (await readScope(run));
  await renameUnpublishedBranch(run, scope);
  // Checked here and not only before a push: a branch whose commit is recorded as pushed gets a pull request without a push.
  assertInScope(run.record.state.branch.name ?? "", scope);
  // The tries below change these two objects, so that later tries know the result.
  const asDraft = { wanted: run.issue.repository.draft };
  const workspaceCheck = { isNeeded: !input.isJustSaved };
  for (let branches = 1; branches <= MAX_BRANCHES; branches += 1) {
    const pushed = await withRetry(
      () => withIntactMirror(run, () => pushWork(run, { scope, save: input.save, workspaceCheck })),
      retry,
    );
    if (pushed === "missing") return "missing";
    if (pushed === "withheld") return "done";
    const result =
      typeof pushed === "object"
        ? await findOrOpenPull(run, { scope, asDraft, countedTitle: input.countedTitle, ...pushed })
        : pushed;
    if (result === "ended") continue;
    if (result === "nothing") {
      await endWithoutChange(run);
      return "done";
    }
    await endWithPull(run, result);
    return "done";
  }
  const message = `${MAX_BRANCHES} pull requests were closed or merged while tac8 pushed to them. The agent's work is kept in its workspace`;
  throw new StepFailure({ kind: "refused", message });
}

async function endWithPull(run: PullNeeds, { number, url }: Pick<Pull, "number" | "url">): Promise<void> {
  const withoutFailure = { "end.failure": null, "end.reason": null, "counts.parked": 0 };
  const pull = { "pull.number": number, "pull.url": url };
  await run.record.write({
    ...withoutFailure,
    ...pull,
    checkpoint: "published",
    "end.outcome": "pr",
    "end.run": run.id,
  });
}

/** End an issue whose work is already in the base branch, for example because the base has new commits since the work started. */
async function endWithoutChange(run: PullNeeds): Promise<void> {
  const merged = run.record.state.branch.rebase?.pull;
  if (merged !== undefined) return endWithPull(run, merged);
  // The summary becomes a comment, and no push has searched it for secrets.
  const summary = await withoutSecrets(run, "answer", run.record.state.work.summary ?? "");
  const end = outcomeWithoutChange(applyPatch(run.record.state, { "work.summary": summary }), run.id);
  if (end === null) {
    throw new StepFailure({
      kind: "no-changes",
      message: "the agent's branch contains no changes compared with the base branch",
    });
  }
  await run.record.write({ ...end, "work.summary": summary, "counts.parked": 0 });
}
