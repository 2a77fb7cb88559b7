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

/** Replay the commits on the base if the record demands it. If they conflict with the base, they are unchanged, and the pull request shows the conflict. */
async function replayOnBase(run: PublishNeeds, input: { dir: string; head: string }): Promise<string> {
  const { rebase } = run.record.state.branch;
  if (rebase === null) return input.head;
  // The merged commits may be those of other contributors, and their branch may be missing.
  if ((await commitOf(cleanGit(run.mirror.cleanSide, input.dir), rebase.from)) === null) return input.head;
  const git = runCleanGitIn(run.mirror.cleanSide, input.dir, { signal: run.signal });
  const plan = planReplay({ why: "merged", merged: rebase.from, base: rebase.onto });
  const replayed = await replayOnto({ git, head: input.head, ...plan });
  return replayed.kind === "head" ? replayed.head : input.head;
}

export interface PushHeadInput {
  readonly dir: string;
  readonly head: string;
  readonly scope: PushScope;
  /** Commits and diffs between commits of `dir`. */
  readonly ranges: Ranges;
  /** Called beside the push of this commit. It only reads, and must throw only the signal's reason: any other error ends the push. */
  readonly meanwhile?: (commit: string, signal: AbortSignal) => Promise<void>;
}

/** Push the commit to the branch. @returns null if GitHub has the commit on the branch and the record says so, otherwise why not */
export async function pushHead(run: PublishNeeds, input: PushHeadInput): Promise<Withheld | null> {
  const { dir, scope, ranges, meanwhile = () => Promise.resolve() } = input;
  const replayed = await replayOnBase(run, input);
  const { published: expected, others: theirSha } = run.record.state.branch;
  const branch = run.record.state.branch.name ?? "";
  const clean = run.mirror.cleanSide;
  const head = await keepTheirs({ clean, dir, branch, head: replayed, theirs: theirSha, signal: run.signal });
  if (head !== replayed)
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
    "branch.publishedFrom": input.head,
    "branch.head": sha,
    "branch.others": theirs ?? theirSha,
    "branch.rebase": null,
  });
  return null;
}
