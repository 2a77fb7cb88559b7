import { existsSync } from "node:fs";
import type { SimpleGit } from "simple-git";
import { gitProxyEnvironment } from "@tac8/core/config/proxy";
import { StepFailure } from "@tac8/core/domain/failures";
import type { GitHubTokens } from "@tac8/core/github/tokens";
import { gitEnvironment, openGit, type Git } from "./openGit.ts";
import { runGit, type GitRun } from "./runGit.ts";
import { thinGit } from "./thinGit.ts";

/** Folders and files of a repository on the clean side. */
export interface MirrorPaths {
  readonly dir: string;
  readonly lockFile: string;
  /** Throwaway repositories that work is checked in and pushed from. */
  readonly incoming: string;
}

export interface CleanSide {
  /** Address of the repository, without any credentials. */
  readonly url: string;
  /** Borrowed. Each command that talks to GitHub has the token of its moment. */
  readonly tokens: GitHubTokens;
  /** The bare copy of the repository. Throwaway repositories borrow its objects. */
  readonly mirrorDir: string;
  /** Environment of the runner that git may see: PATH, certificates; and the proxies. */
  readonly env: Readonly<Record<string, string>>;
  /** Others than those of `overNetwork`. */
  readonly bounds?: Partial<NetworkBounds>;
}

/** How long a git command that talks to GitHub may be silent, and how long it may take from start to end. */
export type NetworkBounds = Readonly<
  Record<"ask" | "fetch" | "push", { readonly silentMs: number; readonly wallMs: number }>
>;

/** A connection without a byte for so long is dead: curl ends it. */
const DEAD = { "http.lowSpeedLimit": "1", "http.lowSpeedTime": "300" };

/** The run's marker too: a git that outlives its runner is found by it, and ended before the next run pushes. */
const PASSED = /^(TAC8_RUN|PATH|SSL_CERT_FILE|SSL_CERT_DIR|TMPDIR)$/i;

const CONFIG: Record<string, string> = {
  "fetch.writeCommitGraph": "false",
  // None is made here, and a planted one would tell of other parents.
  "core.commitGraph": "false",
  // Pins are written while another git fetches: it releases what both need within moments.
  "core.filesRefLockTimeout": "10000",
  "core.packedRefsTimeout": "10000",
  "safe.directory": "*",
};

/**
 * From now on all users may read what git makes on the clean side, whatever the umask of this process is: agents that are users of
 * their own read objects, where they can enter the folder above. Not by default: git then sets a bit of its folders that services of
 * systemd may not set (RestrictSUIDSGID).
 */
export function openObjects(): void {
  CONFIG["core.sharedRepository"] = "0644";
}

/** The whole environment of git in a repository of the clean side: nothing of the user's own settings, and no token. */
export function cleanEnv(side: CleanSide, dir: string): Record<string, string> {
  return gitEnvironment({ env: passedOn(side, dir), config: CONFIG });
}

/** Git searches for no repository: it would take a `.git` inside the folder, or one of a folder above. */
function passedOn({ url, env }: CleanSide, dir: string): Record<string, string> {
  const passed = Object.fromEntries(Object.entries(env).filter(([name]) => PASSED.test(name)));
  const here = { GIT_DIR: dir, GIT_NO_REPLACE_OBJECTS: "1", HOME: "/nonexistent" };
  return { ...passed, ...gitProxyEnvironment(url, env), ...here };
}

/** The most that git prints there: names and shas. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Without progress, which no command of `cleanGit` shows, a longer one is taken for dead. */
const TIMEOUT_MS = 15 * 60_000;

/** Git in a folder outside every workspace, without the user's own settings. @throws StepFailure of kind `git` where the folder is missing */
export function cleanGit(side: CleanSide, dir: string, options: CleanGitOptions = {}): Git {
  const run = cleanRun(side, dir, options);
  return thinGit(async (args) => {
    if (!existsSync(dir)) throw new StepFailure({ kind: "git", message: `the folder ${dir} is gone` });
    return run(args, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
  });
}

/** The same for maintenance, which may take hours on a small machine: it is ended by its silence, and not by the clock. */
export function maintenanceGit(side: CleanSide, dir: string, options: CleanGitOptions = {}): SimpleGit {
  return openGit({ dir, env: passedOn(side, dir), config: CONFIG, signal: options.signal });
}

/** The same for who needs all of git's answer. */
export function cleanRun(side: CleanSide, dir: string, { signal }: CleanGitOptions = {}): GitRun {
  return (args, options) => runGit({ dir, env: cleanEnv(side, dir), args, signal, ...options });
}

export interface CleanGitOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Return the whole environment of the one command that talks to GitHub. When GitHub wants a token, git calls a helper, which
 * reads `tokenAnswer` from descriptor `TOKEN_FD`.
 */
export function networkEnv(side: CleanSide, dir: string): Record<string, string> {
  return gitEnvironment({ env: passedOn(side, dir), config: { ...CONFIG, ...networkConfig(side) } });
}

/** A socket to the runner: unlike a variable, a pipe or a file, no other process can open it by way of `/proc`. */
export const TOKEN_FD = 3;

/** Text that git's credential helper reads from `TOKEN_FD` and gives to git. */
export function tokenAnswer(token: string): string {
  return `username=x-access-token\npassword=${token}\n`;
}

const COPY = `while IFS= read -r line <&${TOKEN_FD}; do printf '%s\\n' "$line"; done`;
/**
 * Git runs it with `/bin/sh`, also to store or erase a credential. Only what is built into the shell gets the token: a
 * program of the same name could lie in any folder of PATH.
 */
const HELPER = `!f() { PATH=/nonexistent; test "$1" = get || return 0; ${COPY}; }; f`;

/** The token goes to the repository's own host only, and to nothing that it redirects to. */
function networkConfig({ url }: CleanSide): Record<string, string> {
  return {
    [`credential.${new URL(url).origin}.helper`]: HELPER,
    // From git 2.46 on: without a first request that GitHub refuses, and from a public repository, too.
    "http.proactiveAuth": "basic",
    "http.followRedirects": "false",
    ...DEAD,
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.http.allow": "always",
  };
}
