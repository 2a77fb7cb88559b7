import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";

/** Hook by which git records the account of each ref update, which also separates simultaneous pushes. */
const HOOK = `#!/bin/sh
while read -r before after ref; do
  echo "$before $after $ref $REMOTE_USER" >> pushes.log
done
`;

/** Appended to the repository's config file: one write instead of a `git config` for each setting. */
const CONFIG = `[gc]
	auto = 0
[receive]
	autogc = false
	hideRefs = refs/pull
[uploadpack]
	allowAnySHA1InWant = true
`;

export const ZERO = "0".repeat(40);

export async function createBare({ git, dir, branch }: { git: Git; dir: string; branch: string }): Promise<void> {
  await mkdir(dir, { recursive: true });
  await git.run({ dir, args: ["init", "--quiet", "--bare", "--template=", `--initial-branch=${branch}`, "."] });
  await appendFile(join(dir, "config"), CONFIG);
  await mkdir(join(dir, "hooks"));
  await writeFile(join(dir, "hooks", "post-receive"), HOOK, { mode: 0o755 });
}

export async function readRefs(git: Git, dir: string): Promise<Map<string, string>> {
  const { stdout } = await git.run({ dir, args: ["for-each-ref", "--format=%(objectname) %(refname)"] });
  const lines = stdout.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(41), line.slice(0, 40)]));
}

export interface CommitRequest {
  readonly git: Git;
  readonly dir: string;
  readonly branch: string;
  /** Start of a branch that does not exist yet. */
  readonly from?: string | undefined;
  /** Path → content; null deletes. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly message: string;
  readonly author: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Write one commit to a branch, without a worktree. */
export async function commitFiles({
  git,
  dir,
  branch,
  from,
  files,
  message,
  author,
  at,
}: CommitRequest): Promise<void> {
  const signature = `${author} <${author}@example.invalid> ${Math.floor(at / 1000)} +0000`;
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const name = (path: string) => `"${path.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
  const changes = Object.entries(files).map(([path, text]) =>
    text === null ? `D ${name(path)}\n` : `M 100644 inline ${name(path)}\n${data(text)}`,
  );
  const parent = from === undefined ? "" : `from ${from}\n`;
  const input = `commit refs/heads/${branch}\nauthor ${signature}\ncommitter ${signature}\n${data(message)}${parent}${changes.join("")}\ndone\n`;
  await git.run({ dir, args: ["fast-import", "--quiet", "--done"], input });
}

export interface Comparison {
  readonly commits: number;
  readonly additions: number;
  readonly deletions: number;
  readonly files: number;
}

/** Two commits of one repository, by their SHAs. */
interface Pair {
  readonly git: Git;
  readonly dir: string;
  readonly base: string;
  readonly head: string;
}

/** Return what `head` has that `base` does not. Unrelated histories: everything in `head`. */
export function compare(pair: Pair): Promise<Comparison> {
  return computedOnce("compare", pair, compareNow);
}

/** Return the tree of the merge, or null if it conflicts. Writes no ref. */
export function mergedTree(pair: Pair): Promise<string | null> {
  return computedOnce("mergedTree", pair, mergedTreeNow);
}

const MOST_RESULTS = 1000;
const results = new WeakMap<Git, Map<string, Promise<unknown>>>();

/** Compute a result once for each pair of commits, because commits never change. */
function computedOnce<T>(name: string, pair: Pair, compute: (pair: Pair) => Promise<T>): Promise<T> {
  const { git, dir, base, head } = pair;
  const known = results.get(git) ?? new Map<string, Promise<unknown>>();
  results.set(git, known);
  const key = [name, dir, base, head].join("\0");
  const before = known.get(key) as Promise<T> | undefined;
  if (before !== undefined) return before;
  if (known.size >= MOST_RESULTS) known.clear();
  const result = compute(pair);
  known.set(key, result);
  result.catch(() => known.delete(key));
  return result;
}

async function compareNow({ git, dir, base, head }: Pair): Promise<Comparison> {
  const count = await git.run({ dir, args: ["rev-list", "--count", `${base}..${head}`] });
  const range = `${base}...${head}`;
  const stat = await git.run({ dir, args: ["diff", "--numstat", range], codes: [0, 128] });
  const rows = stat.stdout.split("\n").filter((line) => line !== "");
  const sum = (column: number) => rows.reduce((total, row) => total + (Number(row.split("\t")[column]) || 0), 0);
  return { commits: Number(count.stdout), additions: sum(0), deletions: sum(1), files: rows.length };
}

async function mergedTreeNow({ git, dir, base, head }: Pair): Promise<string | null> {
  const { code, stdout } = await git.run({ dir, args: ["merge-tree", "--write-tree", base, head], codes: [0, 1, 128] });
  return code === 0 ? (stdout.split("\n")[0] ?? null) : null;
}

export async function commitTree(options: {
  git: Git;
  dir: string;
  tree: string;
  parents: readonly string[];
  message: string;
  author: string;
}): Promise<string> {
  const { git, dir, tree, parents, message, author } = options;
  const identity = { name: author, email: `${author}@example.invalid` };
  const { stdout } = await git.run({
    dir,
    args: ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent])],
    input: message,
    env: {
      GIT_AUTHOR_NAME: identity.name,
      GIT_AUTHOR_EMAIL: identity.email,
      GIT_COMMITTER_NAME: identity.name,
      GIT_COMMITTER_EMAIL: identity.email,
    },
  });
  return stdout.trim();
}
