import { commitOf } from "../git/openGit.ts";
import { gitIn } from "../place/place.ts";
import { isDamage } from "./damage.ts";
import { withoutDrivers } from "./drivers.ts";
import { checkFiles, openingUp, reattach, type EnsuredWorkspace, type EnsureOptions } from "./ensure.ts";
import { lookAt } from "./inspect.ts";
import type { Mirror } from "./mirror.ts";
import { planFinished, type FinishedFacts } from "./plan.ts";
import { removeStaleLocks } from "./staleLocks.ts";

export interface BringBackOptions
  extends Pick<EnsureOptions, "paths" | "place" | "stamp">, Pick<FinishedFacts, "saved" | "ours"> {
  /** Of the issue; a workspace that was made for another one keeps its own. */
  readonly branch: string;
}

export type Finished =
  | { readonly kind: "there" }
  | { readonly kind: "back"; readonly workspace: EnsuredWorkspace }
  | { readonly kind: "missing" };

/**
 * The workspace with an agent's finished work, made good where it is not: nothing is brought up to date, so that what is
 * published is what was finished. The caller holds the workspace's lock.
 */
export async function bringBack(mirror: Mirror, options: BringBackOptions): Promise<Finished> {
  const { signal } = options.place;
  const first = await unlessDamaged(mirror, options);
  if (first.kind !== "missing" || !options.ours) return first;
  // It looks the same where the mirror is missing or damaged that the workspace borrows from.
  await mirror.refresh(signal);
  await mirror.repair(signal);
  return unlessDamaged(mirror, { ...options, stamp: `${options.stamp}-2` });
}

async function unlessDamaged(mirror: Mirror, options: BringBackOptions): Promise<Finished> {
  try {
    return await find(mirror, options);
  } catch (error) {
    options.place.signal?.throwIfAborted();
    if (!isDamage(error)) throw error;
    return { kind: "missing" };
  }
}

async function find(
  mirror: Mirror,
  { paths, stamp, branch, saved, ours, ...rest }: BringBackOptions,
): Promise<Finished> {
  const place = await withoutDrivers(rest.place, paths);
  const options: EnsureOptions = {
    paths,
    place,
    stamp,
    mirrorDir: mirror.paths.dir,
    goal: { branch, start: saved ?? "", published: false },
  };
  return openingUp(options, async () => {
    await removeStaleLocks(place, paths.gitDir);
    const found = await lookAt(options);
    // A git that was interrupted looks like a damaged repository.
    place.signal?.throwIfAborted();
    const hasCommit = async (sha: string) =>
      found.head === sha || (await commitOf(gitIn(place, paths.gitDir), sha)) !== null;
    const hasSaved = saved !== null && found.repositoryWorks && (await hasCommit(saved));
    place.signal?.throwIfAborted();
    const head = hasSaved ? saved : found.head;
    // Before anything is quarantined: it may be the mirror that is damaged.
    if (ours && !found.treeWorks && head !== null) await checkFiles(options, head);
    const plan = planFinished(found, { saved, hasSaved, ours });
    if (plan.do === "missing") return { kind: "missing" };
    if (plan.do === "use" || saved === null) return { kind: "there" };
    const goal = { ...options.goal, branch: found.headBranch ?? branch };
    return { kind: "back", workspace: await reattach({ ...options, goal }, { commit: saved, because: plan.because }) };
  });
}
