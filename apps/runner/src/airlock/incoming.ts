import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MESSAGE_FILES } from "../files/messageFileNames.ts";
import { StepFailure } from "@tac8/core/domain/failures";
import { cleanGit, runCleanGitIn, type CleanSide, type MirrorPaths } from "../git/cleanSide.ts";
import { commitOf } from "../git/openGit.ts";
import { gitStep, localFailure } from "../git/errors.ts";
import type { RunGit } from "../git/executor.ts";
import { createRepository } from "../git/sanitizeRepository.ts";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import { streamBundle } from "./bundle.ts";
import { rangesOf, type Ranges } from "./ranges.ts";
import { unbundle } from "./unbundle.ts";

export interface IncomingOptions {
  readonly mirror: MirrorPaths;
  readonly clean: CleanSide;
  readonly agent: AgentPlace;
  readonly tree: string;
  readonly baseSha: string;
  /** Further commits that the mirror may have. The commits that it has are left out of the bundle. */
  readonly known: readonly string[];
  readonly runId: string;
}

/** The checked commits of an agent, in a throwaway repository of the clean side. */
export interface Incoming {
  readonly dir: string;
  readonly head: string;
  /** Number of commits that are not in the base. */
  readonly commits: number;
  /** Whether all commits together change anything. */
  readonly isChanged: boolean;
  /** Ranges of `dir`. */
  readonly ranges: Ranges;
}

const WORK = "refs/heads/work";
/** Maximum output in bytes of git's answer, which has one short line per commit. */
const MAX_KNOWN = 64 * 1024;
const KNOWN_MS = 60_000;

/** Import the commits, pass them to `use`, and always remove the throwaway repository afterwards. */
export async function withIncoming<T>(options: IncomingOptions, use: (incoming: Incoming) => Promise<T>): Promise<T> {
  const dir = incomingDir(options.mirror, options.runId);
  await removeIncoming(options.mirror, options.runId);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  try {
    return await use(await take(options, dir));
  } finally {
    await removeIncoming(options.mirror, options.runId);
  }
}

/** Remove the throwaway repository of a run, even if its runner has died. */
export async function removeIncoming(mirror: MirrorPaths, runId: string): Promise<void> {
  await rm(incomingDir(mirror, runId), { recursive: true, force: true, maxRetries: 3 });
}

function incomingDir({ incoming }: MirrorPaths, runId: string): string {
  return join(incoming, `${runId}.git`);
}

async function take(options: IncomingOptions, dir: string): Promise<Incoming> {
  const { clean, agent, tree, baseSha } = options;
  const { signal } = agent;
  const git = cleanGit(clean, dir, { signal });
  await gitStep("preparing the check of the commits", () => createRepository(dir, clean.mirrorDir));
  const bytes = runCleanGitIn(clean, dir, { signal });
  let taken: string;
  try {
    taken = await transfer({ ...options, dir, file: join(dir, "incoming.bundle") });
  } catch (error) {
    // Git cannot create an empty bundle. Without new commits (for example after an earlier run has saved them), HEAD is used.
    const wanted = isGitFailure(error) ? await commitOf(gitIn(agent, tree), "HEAD") : null;
    if (wanted === null || (await commitOf(git, wanted)) === null) throw error;
    taken = wanted;
  }
  const ranges = rangesOf(bytes);
  const commits = await ranges.commits(taken, [baseSha]); // First: it answers the next question as well, in the usual case.
  const shared = await ranges.mergeBase(baseSha, taken);
  if (shared === null) {
    const message = "the agent's commits share no history with the base branch, so they cannot become a pull request";
    throw new StepFailure({ kind: "refused", message });
  }
  // The newest commit. HEAD of the bundle may be a tag instead.
  const head =
    commits === null
      ? await gitStep("checking the commits", () => git.raw(["rev-parse", "--verify", `${taken}^{commit}`]))
      : (commits[0] ?? shared);
  await writeFile(join(dir, WORK), `${head}\n`);
  const changes = await ranges.changes(baseSha, head);
  const committedMessageFiles = MESSAGE_FILES.filter((name) => changes.some(({ path }) => isAt(path, name))).join(", ");
  if (committedMessageFiles !== "") {
    const message = `${committedMessageFiles} is still in the agent's commits, so they were not published`;
    throw new StepFailure({ kind: "git", message });
  }
  const since = shared === baseSha ? changes : await ranges.changes(shared, head);
  return { dir, head, commits: commits?.length ?? Infinity, isChanged: since.length > 0, ranges };
}

/**
 * Transfer the commits, without those that the mirror usually has. If it lacks one that the work needs, for example a commit of an earlier
 * run that was never pushed, this fails, because git's check follows each reference. Only then is git asked which of them the mirror has.
 * @returns the full sha of the agent's HEAD
 */
async function transfer(options: IncomingOptions & { readonly dir: string; readonly file: string }): Promise<string> {
  const { clean, agent, tree, baseSha, known, dir, file } = options;
  const { signal } = agent;
  const transferWithout = async (left: readonly string[]): Promise<string> => {
    await streamBundle({ tree, place: agent, known: left, file });
    return unbundle({ side: clean, dir, file, signal });
  };
  const expected = [...new Set([baseSha, ...known])].filter((sha) => /^[0-9a-f]{40,64}$/.test(sha));
  try {
    return await transferWithout(expected);
  } catch (error) {
    const present = await presentCommits(runCleanGitIn(clean, dir, { signal }), expected);
    if (present.length === expected.length) throw error;
    await rm(file, { force: true });
    return transferWithout(present);
  }
}

function isGitFailure(error: unknown): boolean {
  return error instanceof StepFailure && error.failure.kind === "git";
}

function isAt(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}/`);
}

/** Return those of the commits that a repository has. */
async function presentCommits(git: RunGit, shas: readonly string[]): Promise<string[]> {
  const input = Buffer.from(shas.map((sha) => `${sha}\n`).join(""));
  const options = { input, maxBytes: MAX_KNOWN, timeoutMs: KNOWN_MS };
  const { code, bytes, errorText } = await git(["cat-file", "--batch-check=%(objecttype)"], options);
  if (code !== 0) throw new StepFailure(localFailure("checking the commits", errorText));
  const answers = bytes.toString("latin1").split("\n");
  return shas.filter((_, index) => answers[index] === "commit");
}
