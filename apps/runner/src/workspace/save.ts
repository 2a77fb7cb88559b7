import { join } from "node:path";
import { commitMessage } from "@tac8/core/outgoing/outgoing";
import { commitOf } from "../git/openGit.ts";
import { gitStep } from "../git/errors.ts";
import { agentGit, type AgentSide } from "./agentGit.ts";
import { withoutDrivers } from "./drivers.ts";
import { readPlainFile } from "./plainFile.ts";
import { removeStaleLocks } from "./staleLocks.ts";

/** Files in the workspace's root that are between tac8 and the agent, and never reach a pull request. */
export const PRIVATE_FILES = ["BLOCKED.md", "STOP"] as const;

const MAX_CONFLICTS = 20;
const MAX_FILE = 4 * 1024 * 1024;

export interface SaveOptions {
  readonly tree: string;
  /** The workspace's repository. What is locked in it a dead git has left: the agent has ended, and the caller holds the workspace. */
  readonly gitDir: string;
  readonly side: AgentSide;
  readonly baseSha: string;
  readonly message: string;
}

export interface Saved {
  readonly head: string;
  /** HEAD as it was found. */
  readonly before: string | null;
  /** Folders that could not be saved: repositories inside the repository. */
  readonly unsaved: readonly string[];
}

/** Commits what the agent left uncommitted, without hooks and signing, and leaves our private files out. */
export async function saveWork({ tree, gitDir, side: given, baseSha, message }: SaveOptions): Promise<Saved> {
  await removeStaleLocks(gitDir);
  const git = agentGit(await withoutDrivers(given, { tree, gitDir }), tree);
  return gitStep("saving the work in the workspace", async () => {
    const before = await commitOf(git, "HEAD");
    // Git refuses to add anything at all where a repository without a commit lies in the tree.
    const nested = nestedFolders(await git.raw(["ls-files", "--others", "--exclude-standard", "-t", "-z"]));
    const excluded = [...PRIVATE_FILES, ...nested].map((path) => `:(exclude,top,literal)${path}`);
    await git.raw(["add", "--all", "--", ":/", ...excluded]);
    const linked = nestedRepositories(await git.raw(["diff", "--cached", "--raw", "--no-renames", "-z", "HEAD"]));
    if (linked.length > 0) await git.raw(["reset", "--quiet", "HEAD", "--", ...linked.map(exactly)]);
    const unsaved = [...nested, ...linked];
    // As the base has them, also when the agent has staged or committed one.
    const shown = PRIVATE_FILES.map(exactly);
    if ((await git.raw(["diff", "--cached", "--name-only", baseSha, "--", ...shown])) !== "") {
      await git.raw(["reset", "--quiet", baseSha, "--", ...shown]);
    }
    if ((await git.raw(["diff", "--cached", "--name-only", "HEAD"])) !== "") {
      await git.raw(["commit", "--quiet", "--no-verify", "-m", commitMessage(message)]);
    }
    const head = await git.raw(["rev-parse", "--verify", "HEAD^{commit}"]);
    return { head, before, unsaved };
  });
}

/** Paths with conflicts that nobody has resolved, at most 20: asked before a save, which takes them as they are. */
export async function findConflicts({ tree, side }: Pick<SaveOptions, "tree" | "side">): Promise<string[]> {
  const said = await gitStep("looking for conflicts", () => agentGit(side, tree).raw(["ls-files", "--unmerged", "-z"]));
  const found: string[] = [];
  // One that was resolved need not have been staged: everything is, by the save.
  for (const path of unmergedPaths(said)) {
    const text = await readPlainFile(join(tree, path), MAX_FILE);
    if (text !== null && /^<{7} /m.test(text)) found.push(path);
  }
  return found;
}

function exactly(path: string): string {
  return `:(top,literal)${path}`;
}

/** Of an index with conflicts (`ls-files --unmerged -z`), each path once. Pure. */
export function unmergedPaths(list: string): string[] {
  const paths = list.split("\0").flatMap((entry) => (entry === "" ? [] : [entry.slice(entry.indexOf("\t") + 1)]));
  return [...new Set(paths)].slice(0, MAX_CONFLICTS);
}

/** Repositories in a list of untracked files (`ls-files --others -t -z`): git names the folder, not what is in it. Pure. */
export function nestedFolders(list: string): string[] {
  return list
    .split("\0")
    .filter((entry) => entry.startsWith("? ") && entry.endsWith("/"))
    .map((entry) => entry.slice(2, -1));
}

/** Paths that became a link to another repository's commit, which nobody else has. Pure. */
export function nestedRepositories(raw: string): string[] {
  const parts = raw.split("\0");
  const paths: string[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    if (/^:(?!160000)\d{6} 160000 /.test(parts[index] ?? "")) paths.push(parts[index + 1] ?? "");
  }
  return paths;
}
