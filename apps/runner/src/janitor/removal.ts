import { dirname, join } from "node:path";
import { parseJobId, repoKey, type IssueRef } from "@tac8/core/domain/reference";
import type { Files } from "../files/files.ts";
import { sizeOf } from "../files/size.ts";
import type { AgentSide, OpenAgentSide, WorkspaceLock } from "../agentPlace/side.ts";
import { lockWorkspace, removeLockFiles } from "../workspace/lock.ts";
import type { Mirror } from "../workspace/mirror.ts";
import { mirrorPaths, workspacePaths, type WorkspacePaths } from "../workspace/paths.ts";
import { removeNotes } from "../workspace/notes.ts";
import { isAgents, partsOf } from "./find.ts";
import { useOf, type IssueSource } from "./issues.ts";
import type { Item } from "./plan.ts";
import { unlessInMirror, whyKept } from "./published.ts";

export interface RemovalOptions {
  readonly dataFolder: string;
  readonly baseDir: string;
  /** Check as thoroughly, but change nothing: an item that cannot be read without a change is kept. */
  readonly dryRun: boolean;
  readonly source: IssueSource;
  readonly own: Files;
  /** Files of agents, read from outside. */
  readonly place: Files;
  readonly openAgentSide: OpenAgentSide;
  /** Environment of git on the agent side, with the round's marker. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Return the repository's mirror, refreshed during this round. @throws the error of GitHub or git */
  readonly freshMirror: (ref: IssueRef) => Promise<Mirror>;
}

/** `reason`: why the item stays; null if it was removed. */
export interface Removal {
  readonly reason: string | null;
  /** Size on disk; 0 if the item stays. */
  readonly bytes: number;
}

const NOT_HANDED_OVER = "it is from before agents had Unix users of their own, so a dry run cannot check it";
const kept = (reason: string): Removal => ({ reason, bytes: 0 });

/** Remove one item, after a second check under the workspace's lock: a run may have started since the plan was made. */
export async function removeItem(item: Item, options: RemovalOptions): Promise<Removal> {
  const ref = item.issue === null ? null : parseJobId(item.issue);
  if (item.issue === null) return removeOwn(item, options);
  if (ref === null) return kept("it belongs to no issue");
  const paths = workspacePaths(options.dataFolder, options.baseDir, ref);
  // Before the lock is taken, because a fetch may take long, and a job would wait for the lock.
  const withWork = item.kind === "workspace" || item.kind === "quarantined";
  const mirror = withWork ? await options.freshMirror(ref) : null;
  const lock = await lockWorkspace(paths);
  if (lock === null) return kept("it is in use");
  const side = sideOfItem(item, { lock, ...options });
  try {
    if ((await useOf(options.source, item.issue)).use !== "ended") return kept("its issue is running again");
    if (mirror !== null) {
      // A check would replace the folder by a copy.
      if (options.dryRun && side.needsHandOver()) return kept(NOT_HANDED_OVER);
      // The check changes nothing, not even the index.
      const place = side.place({ signal: options.signal, env: { GIT_OPTIONAL_LOCKS: "0" } });
      const reason = await whyKept({ ...partsOf(item), place, whyCommitsKept: unlessInMirror(mirror) });
      if (reason !== null) return kept(reason);
    }
    if (item.kind === "notes" && (await isThere(options.place, paths))) return kept("its workspace still exists");
    if (!isAgents(item.kind)) return await removeOwn(item, options);
    const bytes = await side.sizeOf(item.paths);
    if (options.dryRun) return { reason: null, bytes };
    await removeAll(side.place(), item);
    // Notes are useless without the workspace. Remove them after it: see removeWorkspace.
    if (item.kind === "workspace") await removeNotes(paths);
    if (mirror !== null && item.kind === "workspace") await mirror.unpin(`base/gh-${ref.number}`);
    return { reason: null, bytes };
  } finally {
    await side.close();
    if (!(await isThere(options.place, paths))) await removeLockFiles(paths);
    lock.release();
  }
}

function sideOfItem(
  { paths, issue }: Item,
  { lock, openAgentSide, dataFolder, env }: RemovalOptions & { readonly lock: WorkspaceLock },
): AgentSide {
  const ref = issue === null ? null : parseJobId(issue);
  const objects = ref === null ? "" : join(mirrorPaths(dataFolder, ref).dir, "objects");
  return openAgentSide({ roots: paths, objects, read: [], env, lock, name: `janitor-${process.pid}` });
}

/** Remove an item of tac8's own files. */
async function removeOwn(item: Item, { own, dryRun }: RemovalOptions): Promise<Removal> {
  const bytes = await sizeOf(own, item.paths);
  if (!dryRun) await removeAll(own, item);
  return { reason: null, bytes };
}

async function removeAll(files: Files, { paths, kind }: Item): Promise<void> {
  for (const path of paths) await files.remove(path);
  if (kind === "log" || kind === "session") await files.removeEmpty(dirname(paths[0] ?? ""));
}

async function isThere(place: Files, { gitDir, tree }: Pick<WorkspacePaths, "gitDir" | "tree">): Promise<boolean> {
  return (await place.exists(gitDir)) || (await place.exists(tree));
}

/** Return a function that fetches each repository at most once; a failure also counts for the whole round. */
export function cachedPerRepository(fresh: (ref: IssueRef) => Promise<Mirror>): RemovalOptions["freshMirror"] {
  const known = new Map<string, Promise<Mirror>>();
  return (ref) => {
    const found = known.get(repoKey(ref)) ?? fresh(ref);
    known.set(repoKey(ref), found);
    return found;
  };
}
