import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "../git/errors.ts";
import type { RunGit } from "../git/executor.ts";
import type { ReplayPlan } from "./replayPlan.ts";

/** A user must combine more commits than this, or a merge among them. */
const MAX_COMMITS = 200;
const STEP_MS = 2 * 60_000;
const MAX_BYTES = 10_000_000;
const LINE_END = 10;
/** Exit code of `git merge-tree` for a conflict, with its tree; every other code except 0 is a failure. */
const CONFLICT = 1;

export interface ReplayOptions extends ReplayPlan {
  /** Git in the repository that has all the commits, on its side. */
  readonly git: RunGit;
  readonly head: string;
}

export type Replayed = { readonly kind: "head"; readonly head: string } | { readonly kind: "conflict" };

/**
 * Replay the commits of `head` that are in none of `exclude` on top of `onto`, with their authors, dates and messages.
 * The result has the same commits each time. Needs no worktree, and runs no hook, filter or merge driver. Changes that
 * `onto` already has are left out.
 * @returns `conflict` if they conflict or are not linear. @throws StepFailure of kind `git` or `disk` if git itself
 * failed, or the signal's reason.
 */
export async function replayOnto(options: ReplayOptions): Promise<Replayed> {
  const commits = await commitsOf(options);
  if (commits === null) return { kind: "conflict" };
  let tip = options.onto;
  for (const commit of commits) {
    const next = await pick(options.git, commit, tip);
    if (next === null) return { kind: "conflict" };
    tip = next;
  }
  return { kind: "head", head: tip };
}

/**
 * List the commits, the oldest first. Each has the previous one, or an excluded one, as its only parent. Null: a merge,
 * or too many.
 */
async function commitsOf({ exclude, head, git: runGit }: ReplayOptions): Promise<string[] | null> {
  const range = [head, ...exclude.map((commit) => `^${commit}`)];
  const merges = await git(runGit, ["rev-list", "--min-parents=2", "--max-count=1", ...range]);
  if (merges.text !== "") return null;
  const max = String(MAX_COMMITS + 1);
  const { text } = await git(runGit, ["rev-list", "--reverse", "--topo-order", `--max-count=${max}`, ...range]);
  const commits = text.split("\n").filter((line) => line !== "");
  return commits.length <= MAX_COMMITS ? commits : null;
}

/** @returns the tip with one more commit, or unchanged if the commit changes nothing; null: a conflict. */
async function pick(runGit: RunGit, commit: string, tip: string): Promise<string | null> {
  const line = await git(runGit, ["rev-list", "--parents", "--max-count=1", commit]);
  const [, parent] = line.text.split(" ");
  if (parent === undefined) return null; // A commit without a parent.
  const before = await git(runGit, ["rev-parse", "--verify", `${tip}^{tree}`]);
  // Git before 2.40 takes no merge base. So use a temporary commit that has our tip's files and the picked commit's
  // parent.
  const stand = await git(runGit, ["hash-object", "-t", "commit", "-w", "--stdin"], {
    input: standIn(before.text, parent),
  });
  const merged = await git(runGit, ["merge-tree", "--write-tree", "--no-messages", stand.text, commit], {
    conflicts: true,
  });
  if (merged.code === CONFLICT) return null;
  if (merged.text === before.text) return tip;
  const { bytes } = await git(runGit, ["cat-file", "commit", commit]);
  const input = moved(bytes, merged.text, tip);
  return (await git(runGit, ["hash-object", "-t", "commit", "-w", "--stdin"], { input })).text;
}

function standIn(tree: string, parent: string): Buffer {
  const identity = "tac8 <tac8@localhost> 0 +0000";
  return Buffer.from(`tree ${tree}\nparent ${parent}\nauthor ${identity}\ncommitter ${identity}\n\nstand-in\n`);
}

/**
 * Copy a commit to another tree and parent. Its signature is removed, because it would be invalid. The message keeps
 * its bytes in any encoding.
 */
function moved(commit: Buffer, tree: string, parent: string): Buffer {
  const end = commit.indexOf("\n\n");
  const kept = commit
    .toString("latin1", 0, end)
    .split("\n")
    .filter((line) => /^(author|committer|encoding) /.test(line));
  const head = [`tree ${tree}`, `parent ${parent}`, ...kept].join("\n");
  return Buffer.concat([Buffer.from(head, "latin1"), commit.subarray(end)]);
}

/** Run git. With `conflicts`, a conflict is a result too. */
async function git(
  runGit: RunGit,
  args: readonly string[],
  { input, conflicts = false }: { readonly input?: Buffer; readonly conflicts?: boolean } = {},
): Promise<{ readonly code: number; readonly text: string; readonly bytes: Buffer }> {
  const { code, bytes, errorText } = await runGit(args, { input, maxBytes: MAX_BYTES, timeoutMs: STEP_MS });
  const isAnswer = code === 0 || (conflicts && code === CONFLICT && bytes.length > 0);
  if (!isAnswer) throw new StepFailure(localFailure("putting commits on top of others", errorText || "no words"));
  const end = bytes.at(-1) === LINE_END ? -1 : bytes.length;
  return { code, bytes: bytes.subarray(0, end), text: bytes.toString("utf8").trim() };
}
