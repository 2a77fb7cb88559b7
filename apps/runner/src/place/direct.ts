import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { StepFailure } from "@tac8/core/domain/failures";
import { startAgent } from "../agent/start.ts";
import { localFiles } from "../files/local.ts";
import { gitEnvironment } from "../git/openGit.ts";
import { runGit } from "../git/runGit.ts";
import { filterOff } from "./filterOff.ts";
import type { AgentPlace, GitStream } from "./place.ts";

export interface DirectPlace {
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

/**
 * The agent side without isolation: agents, and git in their folders, run as processes of the runner's own user, and the
 * runner opens their files itself. Git runs with an agent's environment, and what it starts carries the run's marker.
 */
export function directPlace(options: DirectPlace): AgentPlace {
  const { env, signal, settings = {} } = options;
  return {
    ...localFiles,
    signal,
    async git(dir, args, { input, maxBytes = MAX_BYTES, timeoutMs = TIMEOUT_MS, literalPaths = false } = {}) {
      const all = { ...gitEnv(options, dir), ...(literalPaths ? { GIT_LITERAL_PATHSPECS: "1" } : {}) };
      const answer = await runGit({ dir, env: all, args, input, maxBytes, timeoutMs, signal });
      if (answer.code === undefined) assertFolder(dir);
      return answer;
    },
    streamGit: (dir, args, { timeoutMs }) => streamGit(options, { dir, args, timeoutMs }),
    withSettings: (more) => directPlace({ ...options, settings: { ...settings, ...more } }),
    hasProgram: async (name) =>
      (env["PATH"] ?? "").split(delimiter).some((folder) => folder !== "" && isExecutable(join(folder, name))),
    startAgent,
  };
}

function streamGit(
  options: DirectPlace,
  { dir, args, timeoutMs }: { readonly dir: string; readonly args: readonly string[]; readonly timeoutMs: number },
): GitStream {
  const { signal } = options;
  const child = execa("git", args, {
    cwd: dir,
    extendEnv: false,
    env: gitEnv(options, dir),
    stdin: "ignore",
    buffer: { stdout: false },
    maxBuffer: { stderr: 20_000 },
    encoding: "buffer",
    killDescendants: true,
    forceKillAfterDelay: 1000,
    timeout: timeoutMs,
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  return {
    stdout: child.stdout,
    ended: child.then(({ exitCode: code, stderr, timedOut }) => ({
      code,
      said: Buffer.from(stderr ?? "")
        .toString("utf8")
        .trim(),
      timedOut,
    })),
    kill: () => void child.kill("SIGKILL"),
  };
}

/**
 * The whole environment of such a git. It looks for a repository in the folder itself, never above it: where an agent deleted
 * its worktree's `.git`, it would else find, and commit, whatever checkout the data folder lies in.
 */
function gitEnv({ env: all, settings = {} }: DirectPlace, dir: string): Record<string, string> {
  const passed = Object.entries(all).filter(([name]) => !name.startsWith("GIT_") || PASSED.test(name));
  const env = { ...Object.fromEntries(passed), GIT_CEILING_DIRECTORIES: dirname(dir) };
  return gitEnvironment({ env, config: { ...CONFIG, ...filterOff("lfs"), ...settings } });
}

/** Git could not be started: it may be for want of a folder to start it in. */
function assertFolder(dir: string): void {
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found === undefined) throw new StepFailure({ kind: "git", message: `the folder ${dir} is gone` });
  if (!found.isDirectory()) throw new Error(`not a git repository: ${dir} is no folder`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
