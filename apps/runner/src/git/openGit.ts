import { existsSync } from "node:fs";
import { GitRefusal } from "./gitRefusal.ts";
import { StepFailure } from "@tac8/core/domain/failures";
import { simpleGit, type SimpleGit } from "simple-git";

export interface GitOptions {
  readonly dir: string;
  /** The complete environment of the git process. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings for this process only. They are set by environment, so that neither arguments nor files show them. */
  readonly config?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Git in one folder, on either side. */
export interface Git {
  /**
   * Run one command. @returns its trimmed standard output. @throws GitRefusal with git's message, or its exit code if there
   * is none
   */
  raw(args: string[]): Promise<string>;
}

/** A git without output for this long is stopped, so a long command must print its progress. */
const SILENT_MS = 15 * 60_000;

const ALWAYS = {
  "gc.auto": "0",
  "maintenance.auto": "false",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "commit.gpgSign": "false",
  "advice.detachedHead": "false",
  // By default these are files of the account, which git reads despite `GIT_CONFIG_GLOBAL`.
  "core.attributesFile": "/dev/null",
  "core.excludesFile": "/dev/null",
};

/** Variables that disable settings of the machine and of the account. */
const UNREAD = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_ATTR_NOSYSTEM: "1" };

/**
 * Return the complete environment of a git process: settings by environment; hooks, signing and automatic maintenance
 * off; messages in English; no settings of the machine or the account.
 */
export function gitEnvironment({ env, config = {} }: Pick<GitOptions, "env" | "config">): Record<string, string> {
  const settings = configEnvironment({ ...ALWAYS, ...config });
  return { ...env, ...UNREAD, ...settings, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" };
}

/**
 * Return git for a folder, with hooks, signing and automatic maintenance off, and messages in English. @throws
 * StepFailure of kind `git` if the folder is missing.
 */
export function openGit({ dir, env, config = {}, signal }: GitOptions): SimpleGit {
  if (!existsSync(dir)) throw new StepFailure({ kind: "git", message: `the folder ${dir} is missing` });
  const all = gitEnvironment({ env, config });
  return simpleGit({
    baseDir: dir,
    ...(signal === undefined ? {} : { abort: signal }),
    timeout: { block: SILENT_MS },
    maxConcurrentProcesses: 2,
    trimmed: true,
    // By default, the library treats a failure without output as a success.
    errors: (error, { exitCode, stdErr, stdOut }) =>
      error ??
      (exitCode === 0 ? undefined : Buffer.concat([...stdErr, ...stdOut, Buffer.from(`exit code ${exitCode}`)])),
    // The library refuses variables and settings that could run programs. All of these are from tac8.
    allowEnvironment: Object.keys(all),
    unsafe: {
      allowUnsafeConfigEnvCount: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeFilter: true,
      allowUnsafeMergeDriver: true,
      allowUnsafeTemplateDir: true,
      allowUnsafeProtocolOverride: true,
    },
  }).env(all);
}

/** Return `GIT_CONFIG_COUNT` and its pairs. */
function configEnvironment(config: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(config);
  const result: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) };
  for (const [index, [key, value]] of entries.entries()) {
    result[`GIT_CONFIG_KEY_${index}`] = key;
    result[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return result;
}

/**
 * Throw an error unless it is a refusal by git. For callers that take a refusal as a result: a git that was killed, for
 * example because memory ran out, that was stopped, or that could not be started has none.
 */
export function throwUnlessRefused(error: unknown): void {
  if (!(error instanceof GitRefusal)) throw error;
}

/** Return the full sha of a revision's commit; null if there is none. */
export async function commitOf(git: Git, revision: string): Promise<string | null> {
  try {
    return await git.raw(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  } catch (error) {
    throwUnlessRefused(error);
    return null; // With `--quiet`, git reports a missing revision only by its exit code.
  }
}

export async function isAncestor(git: Git, older: string, newer: string): Promise<boolean> {
  if (older === newer) return true;
  try {
    return (await mergeBase(git, older, newer)) === older;
  } catch (error) {
    throwUnlessRefused(error);
    return false; // A commit is missing, or the repository is damaged.
  }
}

/**
 * Return the merge base; null if the histories have no common commit, which git reports only by exit code 1. @throws
 * git's error in all other cases, so that paid work is not refused because of them.
 */
export async function mergeBase(git: Git, a: string, b: string): Promise<string | null> {
  let base: string;
  try {
    base = await git.raw(["merge-base", a, b]);
  } catch (error) {
    if (error instanceof GitRefusal && error.message === "exit code 1") return null;
    throw error;
  }
  if (base === "") throw new Error("git printed neither a commit nor an error");
  return base;
}
