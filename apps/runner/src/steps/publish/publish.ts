import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { StepFailure } from "@tac8/core/domain/failures";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { anotherRound, pullBody, pullTitle, type PullFacts } from "@tac8/core/outgoing/texts";
import { GitHubError, isRefusedRequest } from "@tac8/core/github/errors";
import type { Withheld } from "@tac8/core/state/issueState";
import type { NewPull } from "@tac8/core/github/pulls";
import type { Pull } from "@tac8/core/github/types";
import { withIncoming } from "../../airlock/incoming.ts";
import { keepTheirs } from "../../airlock/keepTheirs.ts";
import { pushOnTop } from "../../airlock/pushOnTop.ts";
import { assertInScope, isBranchOf, type PushScope } from "../../airlock/pushScope.ts";
import { Overtaken, remoteBranch } from "../../airlock/push.ts";
import type { Ranges } from "../../airlock/ranges.ts";
import { replayOnto } from "../../airlock/replayOnto.ts";
import { planReplay } from "../../airlock/replayPlan.ts";
import { cleanGit, cleanRun } from "../../git/cleanSide.ts";
import { commitOf, isAncestor } from "../../git/openGit.ts";
import type { RunContext } from "../../run/context.ts";
import { withPatience } from "../../run/patience.ts";
import { bringBack } from "../../workspace/bringBack.ts";
import { isDamage } from "../../workspace/damage.ts";
import { withoutPermission } from "./allowance.ts";
import { NoBase, notesOf, notesOfPublished, whyWithheld, type Notes } from "./inspect.ts";
import { keepDiff } from "./keepDiff.ts";
import type { SavedWork } from "../handover.ts";
import { takeNewName } from "./rename.ts";
import { scopeOf } from "../../issue/scope.ts";
import { settleBranch } from "./settleBranch.ts";
import { endUnchanged, isNothing } from "../../issue/round.ts";
import { withhold } from "./withhold.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";

/** Whoever ends pull requests faster than we open them is asked to stop first, by the failure. */
const MAX_BRANCHES = 3;

/** `missing`: the work is nowhere any more. Otherwise the record has the end. */
export type Published = "done" | "missing";

export interface PublishNeeds {
  /** As the run that did the work read it before; null: to be read now. */
  readonly scope: PushScope | null;
  /** Commits finished work that could not be saved when its agent ended: the disk was full. */
  readonly save: () => Promise<SavedWork>;
  /** This run has saved the work just before, so it is in the workspace: whether it is still there is not asked first. */
  readonly isJustSaved: boolean;
}

/**
 * Push the finished work, and find or open its pull request. Safe to repeat at any point. A repository that was renamed while the
 * agent worked, or has another default branch since, refuses what is asked of it: then it is read again.
 */
export async function publish(run: RunContext, needs: PublishNeeds): Promise<Published> {
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

function readScope(run: RunContext): Promise<PushScope> {
  const patient = { signal: run.switch.lost, factor: run.services.config.coordinator.backoff_factor };
  return withPatience(() => scopeOf(run, run.switch.lost), patient);
}

async function publishTo(run: RunContext, needs: PublishNeeds): Promise<Published> {
  const patient = { signal: run.switch.lost, factor: run.services.config.coordinator.backoff_factor };
  const scope = needs.scope ?? (await readScope(run));
  await takeNewName(run, scope);
  // Before the first use of it: a branch whose commit counts as pushed gets a pull request without a push.
  assertInScope(run.state.branch ?? "", scope);
  const asDraft = { wanted: run.repository.draft };
  const toLook = { isNeeded: !needs.isJustSaved };
  for (let branches = 1; branches <= MAX_BRANCHES; branches += 1) {
    const pushed = await withPatience(() => onSoundMirror(run, () => pushWork(run, { scope, needs, toLook })), patient);
    if (pushed === "missing") return "missing";
    if (pushed === "withheld") return "done";
    const pull = typeof pushed === "object" ? await findOrOpenPull(run, { scope, asDraft, ...pushed }) : pushed;
    if (pull === "ended") continue;
    if (pull === "nothing") {
      await endWithNothing(run);
      return "done";
    }
    await endWithPull(run, pull);
    return "done";
  }
  const message = `${MAX_BRANCHES} branches' pull requests were closed or merged while they were pushed to; the agent's work is kept in its workspace`;
  throw new StepFailure({ kind: "refused", message });
}

async function endWithPull(run: RunContext, { number, url }: Pick<Pull, "number" | "url">): Promise<void> {
  const told = { failure: null, reason: null, parked: 0 }; // Of an outage that is over.
  const pull = { prNumber: number, prUrl: url };
  await run.write({ ...told, ...pull, checkpoint: "published", outcome: "pr", outcomeRun: run.id });
}

/** All that the agent has is in the base already: the base has moved, say, since its work began. */
async function endWithNothing(run: RunContext): Promise<void> {
  const merged = run.state.rebase?.pull;
  if (merged !== undefined) return endWithPull(run, merged);
  // Its words become a comment, and no push has searched them.
  const summary = await withoutSecrets(run, "answer", run.state.summary ?? "");
  const end = endUnchanged({ ...run.state, summary }, run.id);
  if (end === null) {
    throw new StepFailure({ kind: "no-changes", message: "the agent's branch has nothing that the base has not" });
  }
  await run.write({ ...end, summary, parked: 0 });
}

/**
 * `ended`: a person ended the branch's pull request, and took the branch away, as we pushed. The hash has the next one.
 * `nothing`: the base has all of it. `withheld`: a person has to decide whether it is published; the hash has that end.
 */
type Pushed = PullText | "missing" | "ended" | "nothing" | "withheld";

/** Parts of the pull request's text, which are searched for secrets. */
interface PullText {
  readonly notes: Notes;
  readonly summary: string;
}

/** The work is checked against the mirror: when that is what is damaged, once more with a new one. */
async function onSoundMirror(run: RunContext, work: () => Promise<Pushed>): Promise<Pushed> {
  try {
    return await work();
  } catch (error) {
    run.switch.lost.throwIfAborted();
    if (!isDamage(error) || !(await run.mirror.mend(run.switch.lost))) throw error;
    run.log.warn({ aside: run.mirror.aside }, "the local copy of the repository was damaged: made a new one");
    return work();
  }
}

interface PushWork {
  readonly scope: PushScope;
  readonly needs: Pick<PublishNeeds, "save">;
  /** Whether the workspace has to be looked at first: always but for the first try after a save. */
  readonly toLook: { isNeeded: boolean };
}

async function pushWork(run: RunContext, work: PushWork): Promise<Pushed> {
  const { scope, needs, toLook } = work;
  const { baseSha, headSha } = run.state;
  // Pushed before. Others may have added to it since, and the workspace has our commits as they were before they went on top.
  if (headSha !== null && headSha === run.state.publishedSha) return pushedBefore(run, scope);
  if ((await settleBranch(run, scope)) === "finished") return pushedBefore(run, scope);
  const { branch } = run.state;
  if (branch === null || baseSha === null) {
    const message = "the state in Redis has no base commit for the finished work: not published, the workspace is kept";
    throw new StepFailure({ kind: "refused", message });
  }
  const isFirst = !toLook.isNeeded;
  toLook.isNeeded = true;
  if (!isFirst && !(await workspaceIsThere(run, branch)))
    return withoutWorkspace(run, scope, { branch, head: headSha });
  // It was finished, and could not be saved.
  if (headSha === null) await run.write({ headSha: (await needs.save()).head });
  try {
    return await withIncoming(incomingOptions(run, baseSha), async (incoming) => {
      const { dir, head, ranges } = incoming;
      if (isNothing(incoming, run.state) || (await isAllMerged(run, incoming))) return "nothing";
      const withheld = await pushHead(run, { dir, head, scope, ranges });
      if (withheld !== null) {
        await withhold(run, withheld);
        return "withheld";
      }
      await keepDiff(run, { dir, head: run.state.headSha ?? head });
      const notes = await notesOf(run, { dir, head: run.state.headSha ?? head, base: scope.base, ranges });
      return { notes, summary: run.state.summary ?? "" }; // Searched with the commits.
    });
  } catch (error) {
    if (error instanceof StepFailure && error.failure.lacksWorkflows === true) {
      // No agent can give the token a permission: it is not paid for another try.
      await withhold(run, await withoutPermission(run));
      return "withheld";
    }
    // Its folder may be missing or damaged since then.
    if (isFirst && error instanceof StepFailure && error.failure.kind === "git") return pushWork(run, work);
    if (!(error instanceof Overtaken)) throw error;
    if ((await settleBranch(run, scope)) === "finished") return pushedBefore(run, scope);
    if (run.state.branch === branch) throw error;
    return "ended";
  }
}

/** It is brought back first, where its folder is gone or damaged and the commits are there. */
async function workspaceIsThere(run: RunContext, branch: string): Promise<boolean> {
  const { headSha: saved, sessionHome } = run.state;
  const finished = await bringBack(run.mirror, {
    paths: run.paths,
    place: run.place(),
    stamp: randomUUID(),
    branch,
    saved,
    ours: sessionHome === run.services.homeId,
  });
  if (finished.kind === "back") {
    const { aside, because } = finished.workspace;
    run.log.warn(
      { aside },
      `brought the finished work's worktree back${because === null ? "" : `, because ${because}`}`,
    );
  }
  return finished.kind !== "missing";
}

/** The pull request that was merged during the run has all of it: a contributor had added to it, say, and so it has another head. */
async function isAllMerged(run: RunContext, at: { dir: string; head: string }): Promise<boolean> {
  const { rebase } = run.state;
  return rebase !== null && isAncestor(cleanGit(run.mirror.side, at.dir), at.head, rebase.from);
}

/** Where they conflict with the base, the commits stay as they are: the pull request shows it. */
async function rebased(run: RunContext, at: { dir: string; head: string }): Promise<string> {
  const { rebase } = run.state;
  if (rebase === null) return at.head;
  // What was merged may have been other people's commits, and their branch is gone.
  if ((await commitOf(cleanGit(run.mirror.side, at.dir), rebase.from)) === null) return at.head;
  const git = cleanRun(run.mirror.side, at.dir, { signal: run.switch.lost });
  const plan = planReplay({ why: "merged", merged: rebase.from, base: rebase.onto });
  const replayed = await replayOnto({ git, head: at.head, ...plan });
  return replayed.kind === "head" ? replayed.head : at.head;
}

/** @returns null: the commit is on GitHub under our branch from here on, and the hash says so. Else why it is not. */
async function pushHead(
  run: RunContext,
  at: { dir: string; head: string; scope: PushScope; ranges: Ranges },
): Promise<Withheld | null> {
  const { dir, scope, ranges } = at;
  const made = await rebased(run, at);
  const { publishedSha: expected, theirSha } = run.state;
  const branch = run.state.branch ?? "";
  const clean = run.mirror.side;
  const head = await keepTheirs({ clean, dir, branch, head: made, theirs: theirSha, signal: run.switch.lost });
  if (head !== made)
    run.log.warn({ branch }, "the agent had rewritten somebody else's commits: its own are on top of theirs");
  const withheld = await whyWithheld(run, { dir, head, base: scope.base, ranges });
  if (withheld !== null) return withheld;
  await run.assertLive();
  const { how, sha, theirs } = await pushOnTop({
    clean,
    dir,
    branch,
    scope,
    sha: head,
    expected,
    from: expected ?? run.state.baseSha ?? "",
    signal: run.switch.lost,
  });
  if (theirs !== null)
    run.log.warn({ branch }, "somebody else had pushed to the branch: the agent's commits are on top of theirs");
  run.log.info(
    { branch, head: sha.slice(0, 7) },
    how === "pushed" ? "pushed the branch" : "the branch was pushed before",
  );
  await run.write({ publishedSha: sha, madeSha: at.head, headSha: sha, theirSha: theirs ?? theirSha, rebase: null });
  return null;
}

/** If GitHub has the commit, nothing is missing. */
async function withoutWorkspace(
  run: RunContext,
  scope: PushScope,
  { branch, head }: { readonly branch: string; readonly head: string | null },
): Promise<Pushed> {
  await run.mirror.refresh(run.switch.lost); // This machine may never have seen the repository.
  const there = await remoteBranch({
    clean: run.mirror.side,
    dir: run.mirror.paths.dir,
    branch,
    signal: run.switch.lost,
  });
  if (head === null || there !== head) return "missing";
  await run.write({ publishedSha: head, rebase: null });
  return pushedBefore(run, scope);
}

/** The summary may be newer than the push that its commits were searched before. */
async function pushedBefore(run: RunContext, { base }: PushScope): Promise<PullText> {
  const summary = await withoutSecrets(run, "summary", run.state.summary ?? "");
  return { notes: await notesOfPublished(run, base), summary };
}

/**
 * Takes what an unfinished run left to its branch on GitHub, so that any machine can go on from it.
 * @returns false when it could not be: the work is then in the workspace alone, which is kept.
 */
export async function publishSaved(run: RunContext, saved: SavedWork): Promise<boolean> {
  const { branch, baseSha, publishedSha } = run.state;
  if (branch === null || baseSha === null) return false;
  if (saved.head === publishedSha) return true;
  try {
    const scope = await scopeOf(run, run.switch.lost);
    await takeNewName(run, scope);
    assertInScope(run.state.branch ?? branch, scope);
    if ((await settleBranch(run, scope)) === "finished") return true;
    return await withIncoming(incomingOptions(run, baseSha), async ({ dir, head, commits, ranges }) => {
      if (commits > 0) {
        if (await goesBack(run, { dir, head })) {
          run.log.warn({ branch }, "the agent was rewriting what is on the branch: its work is kept in its workspace");
          return false;
        }
        const withheld = await pushHead(run, { dir, head, scope, ranges });
        if (withheld !== null) {
          run.log.warn({ branch }, `the work so far is kept in its workspace, and not pushed: ${withheld.reason}`);
          return false;
        }
      }
      return true;
    });
  } catch (error) {
    run.switch.lost.throwIfAborted();
    run.log.warn({ err: error }, "the work could not be saved to GitHub; it is kept in its workspace");
    return false;
  }
}

/** Commits on the branch are taken off it by an agent that has finished, and not by one that was broken off in between. */
async function goesBack(run: RunContext, { dir, head }: { dir: string; head: string }): Promise<boolean> {
  const { publishedSha } = run.state;
  if (publishedSha === null) return false;
  return !(await isAncestor(cleanGit(run.mirror.side, dir), publishedSha, head));
}

function incomingOptions(run: RunContext, baseSha: string) {
  return {
    mirror: run.mirror.paths,
    clean: run.mirror.side,
    agent: run.place(),
    tree: run.paths.tree,
    baseSha,
    known: [run.state.startSha, run.state.publishedSha].filter((sha) => sha !== null),
    runId: run.id,
  };
}

/** The pull request with our work, if there is one: the issue then ended with it, whoever closed it. */
export async function adoptPull(run: RunContext): Promise<void> {
  const { github, config } = run.services;
  const { branch, headSha } = run.state;
  const own = { issue: run.ref.number, pattern: run.repository.branch };
  if (branch === null || headSha === null || !isBranchOf(own, branch)) return;
  const patient = { signal: run.switch.lost, factor: config.coordinator.backoff_factor };
  const pulls = await withPatience(() => github.pullsOfBranch(run.ref, branch, { signal: run.switch.lost }), patient);
  const ours = pulls.find((pull) => pull.headSha === headSha);
  if (ours === undefined) return;
  const told = { failure: null, reason: null };
  await run.write({ ...told, checkpoint: "published", prNumber: ours.number, prUrl: ours.url, outcome: "pr" });
}

/** Work that continued on an open pull request is told in its text, once for each run; the text before it stays. */
async function tellAnotherRound(run: RunContext, pull: Pull, parts: PullText): Promise<Pull> {
  const { github } = run.services;
  const facts = pullFacts(run, parts);
  if (run.state.prBefore === null || pull.state !== "open" || pull.body.includes(facts.run)) return pull;
  const text = anotherRound(pull.body.length, facts);
  if (text === null) {
    run.log.warn({ pull: pull.number }, "the pull request's text is full: nothing was added about this round");
    return pull;
  }
  await run.assertLive();
  return github.updatePull(run.ref, pull.number, { before: pull.body, text }, { signal: run.switch.lost });
}

function pullFacts({ state, services, id, intent }: RunContext, { notes, summary }: PullText): PullFacts {
  return {
    ...notes,
    summary: services.redact(summary),
    usage: state.usage ?? NO_USAGE,
    models: state.models ?? [services.config.llm.model_default],
    denied: state.denied,
    leftRunning: state.leftRunning,
    run: state.agentRun ?? id,
    unreadable: intent?.unreadable ?? null,
    added: state.added,
  };
}

/** A plain one where the repository's plan has no drafts: the work is wanted all the same. Remembered in `asDraft`. */
async function openAsItMay(run: RunContext, pull: Omit<NewPull, "draft">, asDraft: { wanted: boolean }): Promise<Pull> {
  const { github } = run.services;
  const options = { signal: run.switch.lost };
  try {
    return await github.openPull(run.ref, { ...pull, draft: asDraft.wanted }, options);
  } catch (error) {
    const noDrafts =
      asDraft.wanted &&
      error instanceof GitHubError &&
      error.kind === "invalid" &&
      /draft pull requests? (are|is) not supported|draft.* not (supported|available)/i.test(error.detail);
    if (!noDrafts) throw error;
    run.log.warn(
      "this repository's plan has no draft pull requests: opening a plain one, although draft = true is configured",
    );
    asDraft.wanted = false;
    return github.openPull(run.ref, { ...pull, draft: false }, options);
  }
}

interface OpenPull extends PullText {
  readonly scope: PushScope;
  /** Turned off once GitHub says that the repository has no drafts. */
  readonly asDraft: { wanted: boolean };
}

/**
 * Looks before it creates: the answer to an earlier creation may have been lost. @returns "nothing": there is nothing to merge;
 * "ended": a person ended the branch's pull request just before our push. The hash has the next branch then.
 */
async function findOrOpenPull(
  run: RunContext,
  { scope, asDraft, ...parts }: OpenPull,
): Promise<Pull | "ended" | "nothing"> {
  const { github, config } = run.services;
  const { ref, state } = run;
  const options = { signal: run.switch.lost };
  const branch = state.branch ?? "";
  return withPatience(
    async () => {
      const pulls = await github.pullsOfBranch(ref, branch, options);
      // A person may have closed or merged it before we heard that it had been opened.
      const there = pulls.find((pull) => pull.state === "open") ?? pulls.find((pull) => pull.headSha === state.headSha);
      if (there !== undefined) return tellAnotherRound(run, there, parts);
      if (pulls.length > 0) {
        await settleBranch(run, scope);
        return "ended";
      }
      await run.assertLive();
      const title = run.intent?.title ?? run.job.data.title;
      const pull = {
        title: pullTitle({ issueNumber: ref.number, issueTitle: title }),
        closes: ref.number,
        text: pullBody(pullFacts(run, parts)),
        head: branch,
        base: scope.base,
      };
      try {
        return await openAsItMay(run, pull, asDraft);
      } catch (error) {
        if (!(error instanceof GitHubError) || error.kind !== "invalid") throw error;
        if (/no commits between/i.test(error.detail)) return "nothing";
        if (!/already exists/i.test(error.detail)) throw error;
        const again = (await github.pullsOfBranch(ref, branch, options)).find((pull) => pull.state === "open");
        if (again === undefined) throw error;
        return again;
      }
    },
    { signal: run.switch.lost, factor: config.coordinator.backoff_factor },
  );
}
