import { dirname } from "node:path";
import { gitEnvironment } from "../git/openGit.ts";
import type { GitCommand } from "../git/runGit.ts";
import type { GitStreamCommand } from "../git/streamGit.ts";
import { filterOff } from "./filterOff.ts";
import type { PlaceGitOptions } from "./place.ts";

/** What every git command of one place has in common. */
export interface PlaceGit {
  /** What agents see, with the marker `TAC8_RUN` and the configured author; never a token. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** For git, beside its own. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The most that git prints there: paths and refs of a repository. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Without progress, which no command here shows, a longer one is taken for dead. */
const TIMEOUT_MS = 15 * 60_000;

/** Of all variables that change what git does, these alone reach a git of ours. */
const PASSED = /^GIT_(?:(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)|OPTIONAL_LOCKS)$/;

const CONFIG = {
  "safe.directory": "*",
  "core.safecrlf": "false",
  "merge.default": "text",
};

/** Pure. */
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

/** Pure. */
export function gitStreamCommand(
  place: PlaceGit,
  { dir, args, timeoutMs }: Pick<GitStreamCommand, "dir" | "args" | "timeoutMs">,
): GitStreamCommand {
  return { dir, env: gitEnv(place, dir), args, timeoutMs, signal: place.signal };
}

/**
 * The whole environment of such a git. It looks for a repository in the folder itself, never above it: where an agent deleted
 * its worktree's `.git`, it would else find, and commit, whatever checkout the data folder lies in.
 */
function gitEnv({ env: all, settings = {} }: PlaceGit, dir: string): Record<string, string> {
  const passed = Object.entries(all).filter(([name]) => !name.startsWith("GIT_") || PASSED.test(name));
  const env = { ...Object.fromEntries(passed), GIT_CEILING_DIRECTORIES: dirname(dir) };
  return gitEnvironment({ env, config: { ...CONFIG, ...filterOff("lfs"), ...settings } });
}
