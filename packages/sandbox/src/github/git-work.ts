import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";

/** Who updated which ref, told by git itself: two pushes at once are told apart. */
const HOOK = `#!/bin/sh
while read -r before after ref; do
  echo "$before $after $ref $REMOTE_USER" >> pushes.log
done
`;

const SETTINGS = `[gc]
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
  await appendFile(join(dir, "config"), SETTINGS);
  await mkdir(join(dir, "hooks"), { recursive: true });
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
  /** A branch that is not there yet starts here. */
  readonly from?: string | undefined;
  /** Path → content; null deletes. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly message: string;
  readonly author: string;
  /** Epoch ms. */
  readonly at: number;
}

/** One commit on a branch, written without a worktree. */
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
  const who = `${author} <${author}@example.invalid> ${Math.floor(at / 1000)} +0000`;
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const name = (path: string) => `"${path.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
  const changes = Object.entries(files).map(([path, text]) =>
    text === null ? `D ${name(path)}\n` : `M 100644 inline ${name(path)}\n${data(text)}`,
  );
  const parent = from === undefined ? "" : `from ${from}\n`;
  const input = `commit refs/heads/${branch}\nauthor ${who}\ncommitter ${who}\n${data(message)}${parent}${changes.join("")}\ndone\n`;
  await git.run({ dir, args: ["fast-import", "--quiet", "--done"], input });
}

export interface Comparison {
  readonly commits: number;
  readonly additions: number;
  readonly deletions: number;
  readonly files: number;
}

/** What `head` has that `base` does not. Unrelated histories: everything in `head`. */
export async function compare(options: { git: Git; dir: string; base: string; head: string }): Promise<Comparison> {
  const { git, dir, base, head } = options;
  const count = await git.run({ dir, args: ["rev-list", "--count", `${base}..${head}`] });
  const range = `${base}...${head}`;
  const stat = await git.run({ dir, args: ["diff", "--numstat", range], codes: [0, 128] });
  const rows = stat.stdout.split("\n").filter((line) => line !== "");
  const sum = (column: number) => rows.reduce((total, row) => total + (Number(row.split("\t")[column]) || 0), 0);
  return { commits: Number(count.stdout), additions: sum(0), deletions: sum(1), files: rows.length };
}

/** The tree of the merge, or null where it conflicts. Writes no ref. */
export async function mergedTree(options: {
  git: Git;
  dir: string;
  base: string;
  head: string;
}): Promise<string | null> {
  const { git, dir, base, head } = options;
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
  const who = { name: author, email: `${author}@example.invalid` };
  const { stdout } = await git.run({
    dir,
    args: ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent])],
    input: message,
    env: {
      GIT_AUTHOR_NAME: who.name,
      GIT_AUTHOR_EMAIL: who.email,
      GIT_COMMITTER_NAME: who.name,
      GIT_COMMITTER_EMAIL: who.email,
    },
  });
  return stdout.trim();
}
