import { StepFailure } from "@tac8/core/domain/failures";
import { cleanGit, type CleanSide } from "../git/cleanSide.ts";
import { commitOf } from "../git/openGit.ts";
import { overNetwork } from "../git/overNetwork.ts";
import { assertInScope, type PushScope } from "./pushScope.ts";

export interface PushOptions {
  readonly clean: CleanSide;
  /** Repository on the clean side that has the commit. */
  readonly dir: string;
  readonly branch: string;
  readonly scope: PushScope;
  readonly sha: string;
  /**
   * The expected commit of GitHub's branch: the one that tac8 last published or built upon; null if there must be no
   * branch.
   */
  readonly expected: string | null;
  /** Called when `git push` has been started, each time. */
  readonly onStart?: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** Read GitHub's version of a branch; null if there is none. */
export async function remoteBranch(
  options: Pick<PushOptions, "clean" | "dir" | "branch" | "signal">,
): Promise<string | null> {
  const { clean, dir, branch, signal } = options;
  const output = await overNetwork(clean, {
    what: `asking GitHub for the branch ${branch}`,
    kind: "ask",
    dir,
    args: ["ls-remote", "--heads", clean.url, `refs/heads/${branch}`],
    signal,
  });
  // Git matches names by their end: `refs/heads/x` also matches `refs/heads/refs/heads/x`.
  const lines = output.split("\n").map((line) => line.split("\t"));
  return lines.find(([, ref]) => ref === `refs/heads/${branch}`)?.[0] ?? null;
}

/**
 * Push one commit to a branch of the issue, with an explicit lease, so that commits of another contributor are never
 * overwritten. Git reads the branch from GitHub during the push, so no request is needed before it. @returns "already"
 * if GitHub already has the commit there, as after a push whose answer was lost: git compares the commits before it
 * checks the lease.
 */
export async function pushBranch(options: PushOptions): Promise<"pushed" | "already"> {
  const { clean, dir, branch, scope, sha, expected, onStart, signal } = options;
  assertInScope(branch, scope); // Nothing else in tac8 runs `git push`.
  const ref = `refs/heads/${branch}`;
  try {
    const output = await overNetwork(clean, {
      what: `pushing ${branch}`,
      kind: "push",
      dir,
      args: [
        "push",
        "--progress", // A silent git is stopped, and a large push takes long.
        "--porcelain",
        "--no-verify",
        `--force-with-lease=${ref}:${expected ?? ""}`,
        clean.url,
        `${sha}:${ref}`,
      ],
      signal,
      onStart,
    });
    return /^=\t/m.test(output) ? "already" : "pushed"; // `=` is git's sign of a ref that is up to date.
  } catch (error) {
    const output = error instanceof StepFailure ? String(error.cause) : "";
    throw /stale info/.test(output) ? overtaken(branch, expected, error) : error;
  }
}

/** Another contributor has pushed commits to the branch. */
export class Overtaken extends StepFailure {}

/**
 * Fetch GitHub's version of a branch into a repository of the clean side. @returns its commit; null if there is no such
 * branch.
 */
export async function fetchBranch(
  options: Pick<PushOptions, "clean" | "dir" | "branch" | "signal">,
): Promise<string | null> {
  const { clean, dir, branch, signal } = options;
  const there = await remoteBranch(options);
  if (there === null) return null;
  const theirs = "refs/tac8/theirs";
  await overNetwork(clean, {
    what: `fetching ${branch}`,
    kind: "fetch",
    dir,
    args: [
      "fetch",
      "--progress", // A silent git is stopped.
      "--no-tags",
      "--no-write-fetch-head",
      clean.url,
      `+refs/heads/${branch}:${theirs}`,
    ],
    signal,
  });
  return commitOf(cleanGit(clean, dir, { signal }), theirs);
}

function overtaken(branch: string, expected: string | null, cause: unknown): Overtaken {
  const message = `another contributor changed the branch ${branch} on GitHub (expected ${expected?.slice(0, 7) ?? "none"}, found another commit or none). Nothing was overwritten, and the agent's work is kept in its workspace`;
  return new Overtaken({ kind: "refused", message }, { cause });
}
