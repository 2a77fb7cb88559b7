import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { OWNER, REPO } from "../names.ts";
import type { Action } from "./actions.ts";
import type { Commit } from "./witness.ts";

const run = promisify(execFile);
const BOUNDS = { maxBuffer: 256 * 1024 * 1024 };
const NAME = REPO.split("/")[1] ?? "";

/** The soak's folder and the runners' data folder. */
interface Folders {
  readonly dir: string;
  readonly home: string;
}

/** Issues, by number. */
interface Whose {
  /** Issues that other contributors changed: commits may have been replayed on top of theirs, so their changes must exist instead. */
  readonly moved: ReadonlySet<number>;
  /** Issues that ended with a pull request, which must have all commits: a remaining workspace is not enough. */
  readonly finished: ReadonlySet<number>;
}

/** Return the commits of agents that are neither on a branch on GitHub nor in a remaining workspace. */
export async function lostCommits(folders: Folders, commits: readonly Commit[], whose: Whose): Promise<Commit[]> {
  const gitHub = await contentOf([onGitHub(folders)]);
  const kept = await contentOf(await workspaces(folders));
  return commits.filter((commit) => {
    const isIn = ({ shas, patches }: Content) =>
      shas.has(commit.sha) || (whose.moved.has(commit.issue) && patches.has(commit.patch));
    return !isIn(gitHub) && (whose.finished.has(commit.issue) || !isIn(kept));
  });
}

interface Content {
  readonly shas: ReadonlySet<string>;
  readonly patches: ReadonlySet<string>;
}

async function contentOf(repositories: readonly string[]): Promise<Content> {
  const shas = new Set<string>();
  const patches = new Set<string>();
  for (const dir of repositories) {
    for (const sha of (await git(dir, "rev-list", "--all")).split("\n")) shas.add(sha);
    for (const patch of await patchesIn(dir)) patches.add(patch);
  }
  return { shas, patches };
}

/** Return the commits that users pushed or merged and that are no longer on their branch, by git itself. */
export async function overwritten(folders: Folders, actions: readonly Action[]): Promise<Action[]> {
  const lost: Action[] = [];
  for (const action of actions) {
    if (action.sha === null) continue;
    const branch = `refs/heads/${action.kind === "pull:merge" ? "main" : action.branch}`;
    const still = await git(onGitHub(folders), "merge-base", "--is-ancestor", action.sha, branch).then(
      () => true,
      () => false,
    );
    if (!still) lost.push(action);
  }
  return lost;
}

async function patchesIn(dir: string): Promise<string[]> {
  const { stdout } = await run(
    "sh",
    ["-c", 'git -C "$0" -c safe.directory="*" log --all -p | git patch-id --stable', dir],
    BOUNDS,
  );
  return stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
}

async function git(dir: string, ...args: string[]): Promise<string> {
  return (await run("git", ["-C", dir, "-c", "safe.directory=*", ...args], BOUNDS)).stdout;
}

function onGitHub({ dir }: Folders): string {
  return join(dir, "github", OWNER, `${NAME}.git`);
}

async function workspaces({ home }: Folders): Promise<string[]> {
  const kept = join(home, "workspaces", OWNER, NAME, "git");
  const names = existsSync(kept) ? await readdir(kept) : [];
  return names.filter((name) => name.includes(".git")).map((name) => join(kept, name));
}
