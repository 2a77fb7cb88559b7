import { isDeepStrictEqual } from "node:util";
import { StepFailure } from "@tac8/core/domain/failures";
import { isRefusedRequest } from "@tac8/core/github/errors";
import type { Pull } from "@tac8/core/github/types";
import { applyPatch } from "@tac8/core/state/issueState";
import { assertInScope, type PushScope } from "../../airlock/pushScope.ts";
import type { CountedText } from "../../issue/intent.ts";
import { endUnchanged } from "../../issue/round.ts";
import { scopeOf } from "../../issue/scope.ts";
import { patienceOf, withRetry } from "../../run/retry.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";
import type { SavedWork } from "../handover.ts";
import { findOrOpenPull, type PullNeeds } from "./findOrOpenPull.ts";
import { NoBase } from "./inspect.ts";
import { onSoundMirror, pushWork } from "./pushWork.ts";
import { takeNewName } from "./rename.ts";

/** Whoever ends pull requests faster than we open them is asked to stop first, by the failure. */
const MAX_BRANCHES = 3;

/** `missing`: the work is nowhere any more. Otherwise the record has the end. */
export type Published = "done" | "missing";

export interface PublishInput {
  /** As the run that did the work read it before; null: to be read now. */
  readonly scope: PushScope | null;
  /** The issue's text that counts; null: it is not known. */
  readonly text: CountedText | null;
  /** Commits finished work that could not be saved when its agent ended: the disk was full. */
  readonly save: () => Promise<SavedWork>;
  /** This run has saved the work just before, so it is in the workspace: whether it is still there is not asked first. */
  readonly isJustSaved: boolean;
}

/**
 * Push the finished work, and find or open its pull request. Safe to repeat at any point. A repository that was renamed while the
 * agent worked, or has another default branch since, refuses what is asked of it: then it is read again.
 */
export async function publish(run: PullNeeds, needs: PublishInput): Promise<Published> {
  try {
    return await publishTo(run, needs);
  } catch (error) {
    // The mirror has it no more, if another run has refreshed that meanwhile.
    const isStale = isRefusedRequest(error) || error instanceof NoBase;
    if (needs.scope === null || !isStale) throw error;
    const scope = await readScope(run);
    if (isDeepStrictEqual(scope, needs.scope)) throw error;
    run.log.warn(
      { base: scope.base },
      "the repository has another default branch since the work began: publishing again",
    );
    return publishTo(run, { ...needs, scope });
  }
}

function readScope(run: PullNeeds): Promise<PushScope> {
  const patient = patienceOf(run);
  return withRetry(() => scopeOf(run), patient);
}

async function publishTo(run: PullNeeds, needs: PublishInput): Promise<Published> {
  const patient = patienceOf(run);
  const scope = needs.scope ?? (await readScope(run));
  await takeNewName(run, scope);
  // Before the first use of it: a branch whose commit counts as pushed gets a pull request without a push.
  assertInScope(run.record.state.branch.name ?? "", scope);
  const asDraft = { wanted: run.issue.repository.draft };
  const toRead = { isNeeded: !needs.isJustSaved };
  for (let branches = 1; branches <= MAX_BRANCHES; branches += 1) {
    const pushed = await withRetry(
      () => onSoundMirror(run, () => pushWork(run, { scope, save: needs.save, toRead })),
      patient,
    );
    if (pushed === "missing") return "missing";
    if (pushed === "withheld") return "done";
    const pull =
      typeof pushed === "object" ? await findOrOpenPull(run, { scope, asDraft, text: needs.text, ...pushed }) : pushed;
    if (pull === "ended") continue;
    if (pull === "nothing") {
      await endWithNothing(run);
      return "done";
    }
    await endWithPull(run, pull);
    return "done";
  }
  const message = `${MAX_BRANCHES} pull requests were closed or merged while tac8 pushed to them. The agent's work is kept in its workspace`;
  throw new StepFailure({ kind: "refused", message });
}

async function endWithPull(run: PullNeeds, { number, url }: Pick<Pull, "number" | "url">): Promise<void> {
  const recorded = { "end.failure": null, "end.reason": null, "counts.parked": 0 }; // Of an outage that is over.
  const pull = { "pull.number": number, "pull.url": url };
  await run.record.write({ ...recorded, ...pull, checkpoint: "published", "end.outcome": "pr", "end.run": run.id });
}

/** Everything that the agent has is in the base already: the base has moved, say, since its work began. */
async function endWithNothing(run: PullNeeds): Promise<void> {
  const merged = run.record.state.branch.rebase?.pull;
  if (merged !== undefined) return endWithPull(run, merged);
  // Its words become a comment, and no push has searched them.
  const summary = await withoutSecrets(run, "answer", run.record.state.work.summary ?? "");
  const end = endUnchanged(applyPatch(run.record.state, { "work.summary": summary }), run.id);
  if (end === null) {
    throw new StepFailure({
      kind: "no-changes",
      message: "the agent's branch contains no changes compared with the base branch",
    });
  }
  await run.record.write({ ...end, "work.summary": summary, "counts.parked": 0 });
}
