import { dirname } from "node:path";
import { gitEnvironment } from "../git/openGit.ts";
import type { GitCommand } from "../git/runGit.ts";
import type { GitStreamCommand } from "../git/streamGit.ts";
import { filterOff } from "./filterOff.ts";
import type { PlaceGitOptions } from "./place.ts";

/** Options of every git command of one place. */
export interface PlaceGit {
  /** Environment of agents, with the process marker `TAC8_RUN` and the configured author. It never has a token. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Additional settings of git. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Limit for the output of git, which is paths and refs of a repository. */
const MAX_BYTES = 64 * 1024 * 1024;
/** A command that runs longer counts as hung: these commands print no progress. */
const TIMEOUT_MS = 15 * 60_000;

/** The only variables of git that are passed to git commands of the runner. */
const PASSED = /^GIT_(?:(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)|OPTIONAL_LOCKS)$/;

const CONFIG = {
  "safe.directory": "*",
  "core.safecrlf": "false",
  "merge.default": "text",
};

/** Return a git command with its complete environment. Pure. */
export function gitCommand(
  place: PlaceGit,
  {
    dir,
    args,
    options = {},
  }: { readonly dir: string; readonly args: readonly string[]; readonly options?: PlaceGitOptions | undefined },
): GitCommand {
  const { input, maxBytes = MAX_BYTES, timeoutMs = TIMEOUT_MS, literalPaths = false } = options;
  const env = { ...gitEnv(place, dir), ...(literalPaths ? { GIT_LITERAL_PATHSPECS: "1" } : {}) };
  return { dir, env, args, input, maxBytes, timeoutMs, signal: place.signal };
}

/** Return a git command whose output is a stream, with its complete environment. Pure. */
export function gitStreamCommand(
  place: PlaceGit,
  { dir, args, timeoutMs }: Pick<GitStreamCommand, "dir" | "args" | "timeoutMs">,
): GitStreamCommand {
  return { dir, env: gitEnv(place, dir), args, timeoutMs, signal: place.signal };
}

/**
 * Return the complete environment of a git command. Git looks for a repository only in the folder itself, never above it. Otherwise,
 * if an agent deleted its worktree's `.git`, git would commit to any checkout that contains the data folder.
 */
function gitEnv({ env: all, settings = {} }: PlaceGit, dir: string): Record<string, string> {
  const passed = Object.entries(all).filter(([name]) => !name.startsWith("GIT_") || PASSED.test(name));
  const env = { ...Object.fromEntries(passed), GIT_CEILING_DIRECTORIES: dirname(dir) };
  return gitEnvironment({ env, config: { ...CONFIG, ...filterOff("lfs"), ...settings } });
}
