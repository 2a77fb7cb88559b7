import { StepFailure } from "@tac8/core/domain/failures";
import type { TreeChange } from "../../airlock/changes.ts";
import type { Ranges } from "../../airlock/ranges.ts";
import { runCleanGitIn } from "../../git/cleanSide.ts";
import type { RunGit } from "../../git/executor.ts";
import type { PublishNeeds } from "./needs.ts";

/** Commits on the clean side that may be published. */
export interface Outgoing {
  /** Folder of their repository. */
  readonly dir: string;
  readonly head: string;
  /** Branch that the pull request targets. */
  readonly base: string;
  /** Commits and changes between commits of that repository, each read once. */
  readonly ranges: Ranges;
}

interface Comparison {
  readonly git: RunGit;
  /** Newest common commit. */
  readonly base: string;
  readonly changes: readonly TreeChange[];
}

/** Compare the commits with the base branch in the mirror, from their newest common commit, as a pull request does. */
export async function compareWithBase(run: PublishNeeds, { dir, head, base, ranges }: Outgoing): Promise<Comparison> {
  const tip = await baseCommit(run, base);
  const shared = await ranges.mergeBase(tip, head);
  if (shared === null) throw noBase(base);
  const git = runCleanGitIn(run.mirror.cleanSide, dir, { signal: run.signal });
  return { git, base: shared, changes: await ranges.changes(shared, head) };
}

/** Return the newest commit of a branch on GitHub, which the mirror has. @throws NoBase */
export async function baseCommit(run: PublishNeeds, base: string): Promise<string> {
  const knownBase = await run.mirror.branch(base);
  if (knownBase !== null) return knownBase;
  await run.mirror.refresh(run.signal);
  const refreshedBase = await run.mirror.branch(base);
  if (refreshedBase === null) throw noBase(base);
  return refreshedBase;
}

/** The branch that the pull request targets is missing, or has no common commit. */
export class NoBase extends StepFailure {}

function noBase(base: string): NoBase {
  const message = `the agent's commits cannot be compared with the base branch ${base}, so they were not published`;
  return new NoBase({ kind: "git", message });
}
