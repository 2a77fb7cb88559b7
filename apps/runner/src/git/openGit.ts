import { messageOf } from "@tac8/core/domain/messageOf";
import { existsSync } from "node:fs";
import { StepFailure } from "@tac8/core/domain/failures";
import { simpleGit, type SimpleGit } from "simple-git";
import { localFailure } from "./errors.ts";

export interface GitOptions {
  readonly dir: string;
  /** The whole environment of the git process. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings for this process alone; by environment, so that neither arguments nor files show them. */
  readonly config?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Git in one folder: of either side. */
export interface Git {
  /** Run one command. @returns its standard output, trimmed. @throws Error with git's words; its exit code where it says nothing. */
  raw(args: string[]): Promise<string>;
}

/** A git that says nothing for so long is ended: what takes long by itself must print its progress. */
const SILENT_MS = 15 * 60_000;

const ALWAYS = {
  "gc.auto": "0",
  "maintenance.auto": "false",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "commit.gpgSign": "false",
  "advice.detachedHead": "false",
  // Their defaults are files of the account, which `GIT_CONFIG_GLOBAL` leaves in use.
  "core.attributesFile": "/dev/null",
  "core.excludesFile": "/dev/null",
};

/** Files of the machine and of the account that no git of ours reads. */
const UNREAD = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_ATTR_NOSYSTEM: "1" };

/**
 * Return the whole environment of a git process: settings by environment, hooks, signing and automatic maintenance off,
 * messages in English, and nothing that the machine or the account has set.
 */
export function gitEnvironment({ env, config = {} }: Pick<GitOptions, "env" | "config">): Record<string, string> {
  const settings = configEnvironment({ ...ALWAYS, ...config });
  return { ...env, ...UNREAD, ...settings, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" };
}

/**
 * Git in a folder, with hooks, signing and automatic maintenance off, and messages in English. @throws StepFailure of kind
 * `git` where the folder is not there.
 */
export function openGit({ dir, env, config = {}, signal }: GitOptions): SimpleGit {
  if (!existsSync(dir)) throw new StepFailure({ kind: "git", message: `the folder ${dir} is gone` });
  const all = gitEnvironment({ env, config });
  return simpleGit({
    baseDir: dir,
    ...(signal === undefined ? {} : { abort: signal }),
    timeout: { block: SILENT_MS },
    maxConcurrentProcesses: 2,
    trimmed: true,
    // By itself the library takes a failure that says nothing for a success.
    errors: (error, { exitCode, stdErr, stdOut }) =>
      error ??
      (exitCode === 0 ? undefined : Buffer.concat([...stdErr, ...stdOut, Buffer.from(`exit code ${exitCode}`)])),
    // The library refuses variables and settings that could run programs; all of these are our own.
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

/** `GIT_CONFIG_COUNT` and its pairs. */
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
 * For whoever takes git's refusal for an answer: one that was killed (for want of memory, say), or could not be started, has
 * given none. @throws StepFailure of kind `git` or `disk`.
 */
export function throwWithoutAnswer(error: unknown): void {
  if (error instanceof StepFailure) throw error; // Of `thinGit`.
  const errorText = messageOf(error);
  if (!/^exit code null$|^Error: spawn /.test(errorText)) return;
  const [first = ""] = errorText.split("\n");
  throw new StepFailure(localFailure("git gave no answer, it was killed or could not be started", first), {
    cause: error,
  });
}

/** The full sha of a revision's commit; null where there is none. */
export async function commitOf(git: Git, revision: string): Promise<string | null> {
  try {
    return await git.raw(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  } catch (error) {
    throwWithoutAnswer(error);
    return null; // `--quiet` tells "not there" by the exit code alone.
  }
}

export async function isAncestor(git: Git, older: string, newer: string): Promise<boolean> {
  if (older === newer) return true;
  try {
    return (await mergeBase(git, older, newer)) === older;
  } catch (error) {
    throwWithoutAnswer(error);
    return false; // It lacks one of them, or its repository is damaged.
  }
}

/**
 * @returns null: the histories have no commit in common, which git tells by exit code 1 alone. @throws what git said when it
 * could not tell: work that is paid for must not be refused because of that.
 */
export async function mergeBase(git: Git, a: string, b: string): Promise<string | null> {
  let base: string;
  try {
    base = await git.raw(["merge-base", a, b]);
  } catch (error) {
    if (error instanceof Error && error.message === "exit code 1") return null;
    throw error;
  }
  if (base === "") throw new Error("git named no commit, and no reason");
  return base;
}
