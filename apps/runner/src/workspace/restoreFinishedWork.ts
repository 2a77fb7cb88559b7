import { commitOf } from "../git/openGit.ts";
import { gitIn } from "../agentPlace/place.ts";
import { mayMeanDamage } from "./damage.ts";
import { withoutGitDrivers } from "./gitDrivers.ts";
import { checkFiles, withRepairedRights, reattach, type EnsuredWorkspace, type EnsureOptions } from "./ensure.ts";
import { inspectWorkspace } from "./inspect.ts";
import type { Mirror } from "./mirror.ts";
import { planFinished, type FinishedFacts } from "./plan.ts";
import { removeStaleLocks } from "./staleLocks.ts";

export interface RestoreOptions
  extends
    Pick<EnsureOptions, "paths" | "place" | "quarantineSuffix">,
    Pick<FinishedFacts, "saved" | "isFromThisDataFolder"> {
  /** Branch of the issue. A workspace that was created for another branch keeps that branch. */
  readonly branch: string;
}

export type RestoredWork =
  | { readonly kind: "intact" }
  | { readonly kind: "restored"; readonly workspace: EnsuredWorkspace }
  | { readonly kind: "missing" };

/**
 * Repair the workspace with an agent's finished work, if necessary. Nothing is updated, so that exactly the finished work is
 * published. The caller holds the workspace's lock.
 */
export async function restoreFinishedWork(mirror: Mirror, options: RestoreOptions): Promise<RestoredWork> {
  const { signal } = options.place;
  const first = await restoreUnlessDamaged(mirror, options);
  if (first.kind !== "missing" || !options.isFromThisDataFolder) return first;
  // The work also seems to be missing if the mirror, from which the workspace borrows, is missing or damaged.
  await mirror.refresh(signal);
  await mirror.repair(signal);
  return restoreUnlessDamaged(mirror, { ...options, quarantineSuffix: `${options.quarantineSuffix}-2` });
}

/** Restore the work once. Damaged objects count as missing work. */
async function restoreUnlessDamaged(mirror: Mirror, options: RestoreOptions): Promise<RestoredWork> {
  try {
    return await restoreOnce(mirror, options);
  } catch (error) {
    options.place.signal?.throwIfAborted();
    if (!mayMeanDamage(error)) throw error;
    return { kind: "missing" };
  }
}

async function restoreOnce(
  mirror: Mirror,
  { paths, quarantineSuffix, branch, saved, isFromThisDataFolder, ...rest }: RestoreOptions,
): Promise<RestoredWork> {
  const place = await withoutGitDrivers(rest.place, paths);
  const options: EnsureOptions = {
    paths,
    place,
    quarantineSuffix,
    mirrorDir: mirror.paths.dir,
    goal: { branch, start: saved ?? "", isBranchOnGitHub: false },
  };
  return withRepairedRights(options, async () => {
    await removeStaleLocks(place, paths.gitDir);
    const snapshot = await inspectWorkspace(options);
    // After an interruption of git the repository seems to be damaged.
    place.signal?.throwIfAborted();
    const hasCommit = async (sha: string) =>
      snapshot.head === sha || (await commitOf(gitIn(place, paths.gitDir), sha)) !== null;
    const hasSaved = saved !== null && snapshot.repositoryWorks && (await hasCommit(saved));
    place.signal?.throwIfAborted();
    const head = hasSaved ? saved : snapshot.head;
    // Checked before anything is quarantined, because the mirror may be the damaged one.
    if (isFromThisDataFolder && !snapshot.treeWorks && head !== null) await checkFiles(options, head);
    const plan = planFinished(snapshot, { saved, hasSaved, isFromThisDataFolder });
    if (plan.do === "missing") return { kind: "missing" };
    if (plan.do === "use" || saved === null) return { kind: "intact" };
    const goal = { ...options.goal, branch: snapshot.headBranch ?? branch };
    return {
      kind: "restored",
      workspace: await reattach({ ...options, goal }, { commit: saved, because: plan.because }),
    };
  });
}
