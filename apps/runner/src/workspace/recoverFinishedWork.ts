import { commitOf } from "../git/openGit.ts";
import { gitIn } from "../place/place.ts";
import { isDamage } from "./damage.ts";
import { withoutGitDrivers } from "./gitDrivers.ts";
import { checkFiles, withRepairedRights, reattach, type EnsuredWorkspace, type EnsureOptions } from "./ensure.ts";
import { inspectWorkspace } from "./inspect.ts";
import type { Mirror } from "./mirror.ts";
import { planFinished, type FinishedFacts } from "./plan.ts";
import { removeStaleLocks } from "./staleLocks.ts";

export interface RecoverOptions
  extends Pick<EnsureOptions, "paths" | "place" | "stamp">, Pick<FinishedFacts, "saved" | "ours"> {
  /** Branch of the issue. A workspace that was made for another branch keeps that one. */
  readonly branch: string;
}

export type RecoveredWork =
  | { readonly kind: "intact" }
  | { readonly kind: "recovered"; readonly workspace: EnsuredWorkspace }
  | { readonly kind: "missing" };

/**
 * Repair the workspace with an agent's finished work, if necessary. Nothing is updated, so that exactly the finished work is
 * published. The caller holds the workspace's lock.
 */
export async function recoverFinishedWork(mirror: Mirror, options: RecoverOptions): Promise<RecoveredWork> {
  const { signal } = options.place;
  const first = await recoverUnlessDamaged(mirror, options);
  if (first.kind !== "missing" || !options.ours) return first;
  // The work also seems to be missing if the mirror, from which the workspace borrows, is missing or damaged.
  await mirror.refresh(signal);
  await mirror.repair(signal);
  return recoverUnlessDamaged(mirror, { ...options, stamp: `${options.stamp}-2` });
}

/** Recover the work once. Damaged objects count as missing work. */
async function recoverUnlessDamaged(mirror: Mirror, options: RecoverOptions): Promise<RecoveredWork> {
  try {
    return await recoverOnce(mirror, options);
  } catch (error) {
    options.place.signal?.throwIfAborted();
    if (!isDamage(error)) throw error;
    return { kind: "missing" };
  }
}

async function recoverOnce(
  mirror: Mirror,
  { paths, stamp, branch, saved, ours, ...rest }: RecoverOptions,
): Promise<RecoveredWork> {
  const place = await withoutGitDrivers(rest.place, paths);
  const options: EnsureOptions = {
    paths,
    place,
    stamp,
    mirrorDir: mirror.paths.dir,
    goal: { branch, start: saved ?? "", published: false },
  };
  return withRepairedRights(options, async () => {
    await removeStaleLocks(place, paths.gitDir);
    const found = await inspectWorkspace(options);
    // After an interruption of git the repository seems to be damaged.
    place.signal?.throwIfAborted();
    const hasCommit = async (sha: string) =>
      found.head === sha || (await commitOf(gitIn(place, paths.gitDir), sha)) !== null;
    const hasSaved = saved !== null && found.repositoryWorks && (await hasCommit(saved));
    place.signal?.throwIfAborted();
    const head = hasSaved ? saved : found.head;
    // Checked before anything is quarantined, because the mirror may be the damaged one.
    if (ours && !found.treeWorks && head !== null) await checkFiles(options, head);
    const plan = planFinished(found, { saved, hasSaved, ours });
    if (plan.do === "missing") return { kind: "missing" };
    if (plan.do === "use" || saved === null) return { kind: "intact" };
    const goal = { ...options.goal, branch: found.headBranch ?? branch };
    return {
      kind: "recovered",
      workspace: await reattach({ ...options, goal }, { commit: saved, because: plan.because }),
    };
  });
}
