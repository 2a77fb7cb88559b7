import { existsSync } from "node:fs";
import type { SimpleGit } from "simple-git";
import { gitProxyEnvironment } from "@tac8/core/config/proxy";
import { StepFailure } from "@tac8/core/domain/failures";
import type { GitHubTokens } from "@tac8/core/github/tokens";
import { gitEnvironment, openGit, type Git } from "./openGit.ts";
import { ownGit, type GitExecutor, type RunGit } from "./executor.ts";
import { gitFromRun } from "./gitFromRun.ts";

/** Folders and files of a repository on the clean side. */
export interface MirrorPaths {
  readonly dir: string;
  readonly lockFile: string;
  /** Throwaway repositories, in which work is checked and from which it is pushed. */
  readonly incoming: string;
}

export interface CleanSide {
  /** URL of the repository, without credentials. */
  readonly url: string;
  /** Borrowed. Each command that talks to GitHub gets the token that is valid at that time. */
  readonly tokens: GitHubTokens;
  /** The bare copy of the repository. Throwaway repositories borrow its objects. */
  readonly mirrorDir: string;
  /** Variables of the runner that git may see: PATH, certificates and proxies. */
  readonly env: Readonly<Record<string, string>>;
  /** Borrowed. Starts the commands that need no network. Default: `ownGit`. */
  readonly git?: GitExecutor | undefined;
  /** Limits that replace those of `overNetwork`. */
  readonly bounds?: Partial<NetworkBounds>;
}

/** How long a git command that talks to GitHub may print nothing, and its maximum duration. */
export type NetworkBounds = Readonly<
  Record<"ask" | "fetch" | "push", { readonly silentMs: number; readonly wallMs: number }>
>;

/** curl ends a connection without data after this time (seconds). */
const DEAD = { "http.lowSpeedLimit": "1", "http.lowSpeedTime": "300" };

/**
 * Includes the run's marker, by which the next run finds and ends a git that has outlived its runner before it pushes.
 */
const PASSED = /^(TAC8_RUN|PATH|SSL_CERT_FILE|SSL_CERT_DIR|TMPDIR)$/i;

const CONFIG: Record<string, string> = {
  "fetch.writeCommitGraph": "false",
  // tac8 creates none, and a planted one would name other parents.
  "core.commitGraph": "false",
  // Pins are written while another git fetches, which releases these locks within moments.
  "core.filesRefLockTimeout": "10000",
  "core.packedRefsTimeout": "10000",
  "safe.directory": "*",
};

/**
 * Let all users read the files that git creates on the clean side, whatever the umask of this process is. Agents with
 * Unix users of their own must read objects, if they can enter the parent folder. This is not the default, because git
 * then sets a mode bit of its folders that systemd services may not set (RestrictSUIDSGID).
 */
export function makeObjectsReadable(): void {
  CONFIG["core.sharedRepository"] = "0644";
}

/**
 * Return the complete environment of git in a repository of the clean side, without the user's own settings and without
 * a token.
 */
export function cleanEnv(side: CleanSide, dir: string): Record<string, string> {
  return gitEnvironment({ env: passedOn(side, dir), config: CONFIG });
}

/**
 * Return the variables to pass on. Git must not search for a repository, because it would use a `.git` in the folder or
 * its parents.
 */
function passedOn({ url, env }: CleanSide, dir: string): Record<string, string> {
  const passed = Object.fromEntries(Object.entries(env).filter(([name]) => PASSED.test(name)));
  const here = { GIT_DIR: dir, GIT_NO_REPLACE_OBJECTS: "1", HOME: "/nonexistent" };
  return { ...passed, ...gitProxyEnvironment(url, env), ...here };
}

/** Limit of git's output, which is names and shas. */
const MAX_BYTES = 64 * 1024 * 1024;
/** No command of `cleanGit` shows progress, so one that takes longer counts as dead. */
const TIMEOUT_MS = 15 * 60_000;

/**
 * Return git for a folder outside every workspace, without the user's own settings. @throws StepFailure of kind `git`
 * if the folder is missing
 */
export function cleanGit(side: CleanSide, dir: string, options: CleanGitOptions = {}): Git {
  const runHere = runCleanGitIn(side, dir, options);
  return gitFromRun(async (args) => {
    if (!existsSync(dir)) throw new StepFailure({ kind: "git", message: `the folder ${dir} is missing` });
    return runHere(args, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
  });
}

/**
 * Return `cleanGit` for maintenance, which may take hours on a small host: it is stopped after silence, not after a
 * total time.
 */
export function maintenanceGit(side: CleanSide, dir: string, options: CleanGitOptions = {}): SimpleGit {
  return openGit({ dir, env: passedOn(side, dir), config: CONFIG, signal: options.signal });
}

/** Return a function that runs git as `cleanGit` does, for callers that need its complete output. */
export function runCleanGitIn(side: CleanSide, dir: string, { signal }: CleanGitOptions = {}): RunGit {
  const { git = ownGit } = side;
  return (args, options) => git.run({ dir, env: cleanEnv(side, dir), args, signal, ...options });
}

export interface CleanGitOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Return the complete environment of a command that talks to GitHub. When GitHub asks for a token, git calls a helper,
 * which reads `tokenAnswer` from descriptor `TOKEN_FD`.
 */
export function networkEnv(side: CleanSide, dir: string): Record<string, string> {
  return gitEnvironment({ env: passedOn(side, dir), config: { ...CONFIG, ...networkConfig(side) } });
}

/** A socket to the runner. Unlike a variable, a pipe or a file, other processes cannot open it in `/proc`. */
export const TOKEN_FD = 3;

/** Text that git's credential helper reads from `TOKEN_FD` and gives to git. */
export function tokenAnswer(token: string): string {
  return `username=x-access-token\npassword=${token}\n`;
}

const COPY = `while IFS= read -r line <&${TOKEN_FD}; do printf '%s\\n' "$line"; done`;
/**
 * Git runs it with `/bin/sh`, also to store or erase a credential. Only shell builtins get the token, because a program
 * of the same name could be in any folder of PATH.
 */
const HELPER = `!f() { PATH=/nonexistent; test "$1" = get || return 0; ${COPY}; }; f`;

/** Send the token only to the repository's own host, and to no host that it redirects to. */
function networkConfig({ url }: CleanSide): Record<string, string> {
  return {
    [`credential.${new URL(url).origin}.helper`]: HELPER,
    // From git 2.46 on: send the token with the first request, also for a public repository.
    "http.proactiveAuth": "basic",
    "http.followRedirects": "false",
    ...DEAD,
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.http.allow": "always",
  };
}
