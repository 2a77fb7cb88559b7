import { join } from "node:path";
import { formatPackedRefs, packedRefsSize, parsePackedRefs, readRefs, type Ref, type Refs } from "../git/refFiles.ts";
import { makeOurFolder, putFile } from "./ourSettings.ts";
import { readText } from "../files/files.ts";
import type { AgentPlace } from "../place/place.ts";

/** The refs that tac8 put into a thin repository, in the form of `packed-refs`. */
const OURS = "tac8-refs";
/** 500,000 refs. */
const MAX_FILE = 64 * 1024 * 1024;
/** An agent that makes more of them gets its branches moved. */
const MAX_WORKTREES = 1000;
const REMOTE = "refs/remotes/origin";

/** Names of branches, as GitHub has them. */
export interface BaseNames {
  /** The branch that the work is for. */
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
  readonly names: BaseNames;
}

/**
 * Give a thin repository the refs that a clone has: tags, `origin/…` for each branch, `origin/HEAD`, and the base branch by
 * its own name. They are written as one file, so that 20,000 tags take milliseconds. What the agent has made of them stays.
 */
export async function writeCloneRefs({
  place,
  gitDir,
  mirrorDir,
  branch,
  baseSha,
  names,
}: CloneRefsOptions): Promise<void> {
  const theirs = await place.stat(join(gitDir, "packed-refs"));
  if (Math.max(theirs?.size ?? 0, await packedRefsSize(mirrorDir)) > MAX_FILE) return;
  const [mirror, before, packed, inUse] = await Promise.all([
    readRefs(mirrorDir, ["refs/tags", "refs/heads"]),
    readOurs(place, gitDir),
    readText(place, join(gitDir, "packed-refs"), MAX_FILE),
    readHeads(place, gitDir),
  ]);
  const ours = cloneRefs(mirror, { base: names.base, baseSha });
  const local = `refs/heads/${names.base}`;
  const isFolder = (await place.stat(join(gitDir, local)))?.kind === "folder";
  if (isFolder || collide(names.base, branch)) ours.delete(local);
  // A branch that is checked out must not move under its files.
  else if (inUse.has(local)) keep(ours, before, local);
  const merged = mergeRefs(parsePackedRefs(packed ?? ""), { before, ours });
  const text = formatPackedRefs(merged);
  if (text !== packed) await putFile(place, join(gitDir, "packed-refs"), text);
  await putFile(place, join(gitDir, OURS), formatPackedRefs(ours));
  if (ours.has(`${REMOTE}/${names.defaultBranch}`)) await writeHead(place, gitDir, names.defaultBranch);
}

/** The refs of a clone. Pure. */
export function cloneRefs(mirror: Refs, { base, baseSha }: { readonly base: string; readonly baseSha: string }) {
  const ours = new Map<string, Ref>();
  for (const [name, ref] of mirror) {
    if (name.startsWith("refs/heads/")) ours.set(`${REMOTE}/${name.slice("refs/heads/".length)}`, ref);
    else ours.set(name, ref);
  }
  for (const name of [`${REMOTE}/${base}`, `refs/heads/${base}`]) ours.set(name, { sha: baseSha, peeled: null });
  return ours;
}

/** What a repository had, with ours in place of those that we put there before. Pure. */
export function mergeRefs(
  packed: Refs,
  { before, ours }: { readonly before: Refs; readonly ours: Refs },
): Map<string, Ref> {
  const merged = new Map(packed);
  for (const [name, { sha }] of before) if (merged.get(name)?.sha === sha) merged.delete(name);
  for (const [name, ref] of ours) {
    // A branch of the agent's own; the names of a clone's remote are nobody's work.
    if (!merged.has(name) || name.startsWith(`${REMOTE}/`)) merged.set(name, ref);
  }
  return merged;
}

/** The refs that tac8 put into a repository: they are nobody's work. */
export async function readOurs(place: AgentPlace, gitDir: string): Promise<Refs> {
  return parsePackedRefs((await readText(place, join(gitDir, OURS), MAX_FILE)) ?? "");
}

/** Is this ref there because GitHub has it? */
export function isOurs(ours: Refs, name: string, sha: string): boolean {
  return name.startsWith(`${REMOTE}/`) || ours.get(name)?.sha === sha;
}

function keep(ours: Map<string, Ref>, before: Refs, name: string): void {
  const old = before.get(name);
  if (old === undefined) ours.delete(name);
  else ours.set(name, old);
}

/** Git has no room for a branch `auto` beside `auto/gh-1`. */
function collide(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/** Branches that worktrees are on. */
export async function readHeads(place: AgentPlace, gitDir: string): Promise<ReadonlySet<string>> {
  const some = await place.list(join(gitDir, "worktrees"), MAX_WORKTREES).catch(() => []); // There is none yet.
  const heads = await Promise.all(
    some.map(({ name }) => readText(place, join(gitDir, "worktrees", name, "HEAD"), 1000)),
  );
  return new Set(heads.flatMap((text) => /^ref: (\S+)/.exec(text ?? "")?.[1] ?? []));
}

async function writeHead(place: AgentPlace, gitDir: string, defaultBranch: string): Promise<void> {
  const folder = await makeOurFolder(place, gitDir, REMOTE.split("/"));
  await putFile(place, join(folder, "HEAD"), `ref: ${REMOTE}/${defaultBranch}\n`);
}
