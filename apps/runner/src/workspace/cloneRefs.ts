import { join } from "node:path";
import { formatPackedRefs, packedRefsSize, parsePackedRefs, readRefs, type Ref, type Refs } from "../git/refFiles.ts";
import { makeOurFolder, putFile } from "./ourSettings.ts";
import { readText } from "../files/files.ts";
import type { AgentPlace } from "../agentPlace/place.ts";

/** File with the refs that tac8 wrote to a thin repository, in the format of `packed-refs`. */
const OURS = "tac8-refs";
/** Limit of that file, enough for 500,000 refs. */
const MAX_FILE = 64 * 1024 * 1024;
/** Maximum number of worktrees that are read. If an agent creates more, its branches may be moved. */
const MAX_WORKTREES = 1000;
const REMOTE = "refs/remotes/origin";

/** Names of branches on GitHub. */
export interface BaseNames {
  /** Base branch of the work. */
  readonly base: string;
  readonly defaultBranch: string;
}

export interface CloneRefsOptions {
  readonly place: AgentPlace;
  readonly gitDir: string;
  readonly mirrorDir: string;
  /** The branch. */
  readonly branch: string;
  readonly baseSha: string;
  readonly baseNames: BaseNames;
}

/**
 * Write the refs of a clone to a thin repository: tags, `origin/…` for each branch, `origin/HEAD`, and the base branch with its own
 * name. They are written as one file, so that 20,000 tags take milliseconds. Refs that the agent has changed are kept.
 */
export async function writeCloneRefs({
  place,
  gitDir,
  mirrorDir,
  branch,
  baseSha,
  baseNames,
}: CloneRefsOptions): Promise<void> {
  const theirs = await place.stat(join(gitDir, "packed-refs"));
  if (Math.max(theirs?.size ?? 0, await packedRefsSize(mirrorDir)) > MAX_FILE) return;
  const [mirror, before, packed, inUse] = await Promise.all([
    readRefs(mirrorDir, ["refs/tags", "refs/heads"]),
    readTac8Refs(place, gitDir),
    readText(place, join(gitDir, "packed-refs"), MAX_FILE),
    readCheckedOutBranches(place, gitDir),
  ]);
  const ours = cloneRefs(mirror, { base: baseNames.base, baseSha });
  const local = `refs/heads/${baseNames.base}`;
  const isFolder = (await place.stat(join(gitDir, local)))?.kind === "folder";
  if (isFolder || collide(baseNames.base, branch)) ours.delete(local);
  // A checked-out branch must not move, because its files would not match.
  else if (inUse.has(local)) keep(ours, before, local);
  const merged = mergeRefs(parsePackedRefs(packed ?? ""), { before, ours });
  const text = formatPackedRefs(merged);
  if (text !== packed) await putFile(place, join(gitDir, "packed-refs"), text);
  await putFile(place, join(gitDir, OURS), formatPackedRefs(ours));
  if (ours.has(`${REMOTE}/${baseNames.defaultBranch}`)) await writeHead(place, gitDir, baseNames.defaultBranch);
}

/** Return the refs of a clone. Pure. */
export function cloneRefs(mirror: Refs, { base, baseSha }: { readonly base: string; readonly baseSha: string }) {
  const ours = new Map<string, Ref>();
  for (const [name, ref] of mirror) {
    if (name.startsWith("refs/heads/")) ours.set(`${REMOTE}/${name.slice("refs/heads/".length)}`, ref);
    else ours.set(name, ref);
  }
  for (const name of [`${REMOTE}/${base}`, `refs/heads/${base}`]) ours.set(name, { sha: baseSha, peeled: null });
  return ours;
}

/** Replace the refs that tac8 wrote before by the new ones. Pure. */
export function mergeRefs(
  packed: Refs,
  { before, ours }: { readonly before: Refs; readonly ours: Refs },
): Map<string, Ref> {
  const merged = new Map(packed);
  for (const [name, { sha }] of before) if (merged.get(name)?.sha === sha) merged.delete(name);
  for (const [name, ref] of ours) {
    // A branch of the agent is kept. Names of the clone's remote are no work.
    if (!merged.has(name) || name.startsWith(`${REMOTE}/`)) merged.set(name, ref);
  }
  return merged;
}

/** Read the refs that tac8 wrote to a repository. They are no work. */
export async function readTac8Refs(place: AgentPlace, gitDir: string): Promise<Refs> {
  return parsePackedRefs((await readText(place, join(gitDir, OURS), MAX_FILE)) ?? "");
}

/** Return whether tac8 wrote this ref, because GitHub has it. */
export function isTac8Ref(ours: Refs, name: string, sha: string): boolean {
  return name.startsWith(`${REMOTE}/`) || ours.get(name)?.sha === sha;
}

function keep(ours: Map<string, Ref>, before: Refs, name: string): void {
  const old = before.get(name);
  if (old === undefined) ours.delete(name);
  else ours.set(name, old);
}

/** Return whether two branch names exclude each other: git cannot have a branch `auto` and a branch `auto/gh-1`. */
function collide(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/** Read the branches that worktrees have checked out. */
export async function readCheckedOutBranches(place: AgentPlace, gitDir: string): Promise<ReadonlySet<string>> {
  const some = await place.list(join(gitDir, "worktrees"), MAX_WORKTREES).catch(() => []); // The folder does not exist yet.
  const heads = await Promise.all(
    some.map(({ name }) => readText(place, join(gitDir, "worktrees", name, "HEAD"), 1000)),
  );
  return new Set(heads.flatMap((text) => /^ref: (\S+)/.exec(text ?? "")?.[1] ?? []));
}

async function writeHead(place: AgentPlace, gitDir: string, defaultBranch: string): Promise<void> {
  const folder = await makeOurFolder(place, gitDir, REMOTE.split("/"));
  await putFile(place, join(folder, "HEAD"), `ref: ${REMOTE}/${defaultBranch}\n`);
}
