import { dirname, join } from "node:path";
import { parseJobId, repoKey, type IssueRef } from "@tac8/core/domain/reference";
import type { Files } from "../files/files.ts";
import type { OpenSide } from "../place/side.ts";
import { lockWorkspace, removeLockFiles, type WorkspaceLock } from "../workspace/lock.ts";
import type { Mirror } from "../workspace/mirror.ts";
import { workspacePaths, type WorkspacePaths } from "../workspace/paths.ts";
import { removeNotes } from "../workspace/notes.ts";
import { partsOf, sideOf } from "./find.ts";
import { useOf, type IssueSource } from "./issues.ts";
import type { Item } from "./plan.ts";
import { byMirror, whyKept } from "./published.ts";

export interface RemovalOptions {
  readonly home: string;
  readonly baseDir: string;
  /** Looks as thoroughly, and removes nothing. */
  readonly dryRun: boolean;
  readonly source: IssueSource;
  readonly own: Files;
  /** Of agents, whose issues have ended. */
  readonly place: Files;
  readonly openSide: OpenSide;
  /** For git there, with the round's marker. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The repository's mirror, brought up to date during this round. @throws what GitHub or git says. */
  readonly freshMirror: (ref: IssueRef) => Promise<Mirror>;
}

/**
 * Removes one thing, after a second look under the workspace's lock: a run may have begun since the plan was made.
 * @returns why it stays; null when it is gone.
 */
export async function removeItem(item: Item, options: RemovalOptions): Promise<string | null> {
  const ref = item.issue === null ? null : parseJobId(item.issue);
  if (item.issue === null) return options.dryRun ? null : removeAll(options, item);
  if (ref === null) return "it belongs to no issue";
  const paths = workspacePaths(options.home, options.baseDir, ref);
  // Asked before the lock is taken: a fetch takes its time, and a job that finds the lock taken waits.
  const withWork = item.kind === "workspace" || item.kind === "put-aside";
  const mirror = withWork ? await options.freshMirror(ref) : null;
  const lock = await lockWorkspace(paths);
  if (lock === null) return "it is in use";
  try {
    if ((await useOf(options.source, item.issue)).use !== "ended") return "its issue is being worked on again";
    if (mirror !== null) {
      const reason = await whyWorkKept(item, { lock, mirror, ...options });
      if (reason !== null) return reason;
    }
    if (item.kind === "notes" && (await isThere(options.place, paths))) return "its workspace is there";
    if (options.dryRun) return null;
    await removeAll(options, item);
    // Without it they say nothing. Not before it: see removeWorkspace.
    if (item.kind === "workspace") await removeNotes(paths);
    if (mirror !== null && item.kind === "workspace") await mirror.unpin(`base/gh-${ref.number}`);
    return null;
  } finally {
    if (!(await isThere(options.place, paths))) await removeLockFiles(paths);
    lock.release();
  }
}

async function whyWorkKept(
  item: Item,
  { lock, mirror, openSide, env, signal }: RemovalOptions & { readonly lock: WorkspaceLock; readonly mirror: Mirror },
): Promise<string | null> {
  const objects = join(mirror.paths.dir, "objects");
  const side = openSide({ roots: item.paths, objects, read: [], env, lock, name: `janitor-${process.pid}` });
  try {
    // Looking changes nothing, not even the index.
    const place = side.place({ signal, env: { GIT_OPTIONAL_LOCKS: "0" } });
    return await whyKept({ ...partsOf(item), place, whyCommitsKept: byMirror(mirror) });
  } finally {
    await side.close();
  }
}

async function isThere(place: Files, { gitDir, tree }: Pick<WorkspacePaths, "gitDir" | "tree">): Promise<boolean> {
  return (await place.exists(gitDir)) || (await place.exists(tree));
}

async function removeAll(options: RemovalOptions, { paths, kind }: Item): Promise<null> {
  const files = sideOf(options, kind);
  for (const path of paths) await files.remove(path);
  if (kind === "log" || kind === "session") await files.removeEmpty(dirname(paths[0] ?? ""));
  return null;
}

/** Makes a function that fetches each repository once, however often it is asked; a failure counts for the round too. */
export function onceEach(fresh: (ref: IssueRef) => Promise<Mirror>): RemovalOptions["freshMirror"] {
  const known = new Map<string, Promise<Mirror>>();
  return (ref) => {
    const found = known.get(repoKey(ref)) ?? fresh(ref);
    known.set(repoKey(ref), found);
    return found;
  };
}
