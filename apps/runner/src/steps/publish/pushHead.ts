import type { Withheld } from "@tac8/core/state/issueState";
import { keepTheirs } from "../../airlock/keepTheirs.ts";
import type { PushScope } from "../../airlock/pushScope.ts";
import { pushOnTop } from "../../airlock/pushOnTop.ts";
import type { Ranges } from "../../airlock/ranges.ts";
import { replayOnto } from "../../airlock/replayOnto.ts";
import { planReplay } from "../../airlock/replayPlan.ts";
import { cleanGit, runCleanGitIn } from "../../git/cleanSide.ts";
import { commitOf } from "../../git/openGit.ts";
import { together } from "../../run/together.ts";
import { whyWithheld } from "./whyWithheld.ts";
import type { PublishNeeds } from "./needs.ts";

/** Put the commits on top of the base. If they conflict with it, they are unchanged, and the pull request shows the conflict. */
async function rebased(run: PublishNeeds, at: { dir: string; head: string }): Promise<string> {
  const { rebase } = run.record.state.branch;
  if (rebase === null) return at.head;
  // The merged commits may be those of other contributors, and their branch may be missing.
  if ((await commitOf(cleanGit(run.mirror.side, at.dir), rebase.from)) === null) return at.head;
  const git = runCleanGitIn(run.mirror.side, at.dir, { signal: run.signal });
  const plan = planReplay({ why: "merged", merged: rebase.from, base: rebase.onto });
  const replayed = await replayOnto({ git, head: at.head, ...plan });
  return replayed.kind === "head" ? replayed.head : at.head;
}

export interface PushHead {
  readonly dir: string;
  readonly head: string;
  readonly scope: PushScope;
  readonly ranges: Ranges;
  /** Runs beside the push of this commit, until the signal. It only reads, and must throw only the signal's reason: any error ends the push. */
  readonly meanwhile?: (commit: string, signal: AbortSignal) => Promise<void>;
}

/** Push the commit to the branch. @returns null if GitHub has the commit on the branch and the record says so, otherwise why not */
export async function pushHead(run: PublishNeeds, at: PushHead): Promise<Withheld | null> {
  const { dir, scope, ranges, meanwhile = () => Promise.resolve() } = at;
  const made = await rebased(run, at);
  const { published: expected, others: theirSha } = run.record.state.branch;
  const branch = run.record.state.branch.name ?? "";
  const clean = run.mirror.side;
  const head = await keepTheirs({ clean, dir, branch, head: made, theirs: theirSha, signal: run.signal });
  if (head !== made)
    run.log.warn({ branch }, "the agent rewrote commits of another contributor: its own commits are on top of theirs");
  const withheld = await whyWithheld(run, { dir, head, base: scope.base, ranges });
  if (withheld !== null) return withheld;
  await run.record.assertLive();
  const from = expected ?? run.record.state.branch.base ?? "";
  const pushing = Promise.withResolvers<void>();
  const onStart = (): void => pushing.resolve();
  const [{ how, sha, theirs }] = await together(run.signal, [
    (signal) => pushOnTop({ clean, dir, branch, scope, sha: head, expected, from, onStart, signal }).finally(onStart),
    async (signal) => {
      // The push starts first, because the pull request waits for it, and each start of a process blocks this one for milliseconds.
      await pushing.promise;
      await meanwhile(head, signal);
    },
  ]);
  if (theirs !== null)
    run.log.warn({ branch }, "another contributor pushed to the branch: the agent's commits are on top of theirs");
  run.log.info(
    { branch, head: sha.slice(0, 7) },
    how === "pushed" ? "pushed the branch" : "the branch was already pushed",
  );
  await run.record.write({
    "branch.published": sha,
    "branch.publishedFrom": at.head,
    "branch.head": sha,
    "branch.others": theirs ?? theirSha,
    "branch.rebase": null,
  });
  return null;
}
