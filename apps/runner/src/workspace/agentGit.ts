import { statSync } from "node:fs";
import { dirname } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { gitEnvironment, type Git } from "../git/openGit.ts";
import { runGit } from "../git/runGit.ts";
import { thinGit } from "../git/thinGit.ts";

export interface AgentSide {
  /** What agents see, with the marker `TAC8_RUN` and the configured author; never a token. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Settings that turn off what the repository's own settings would run: see `withoutDrivers`. */
  readonly drivers?: Readonly<Record<string, string>>;
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
 * Git on the agent's side. Everything there (settings, filters, links) may be an agent's doing, so it runs with an
 * agent's environment and what it starts carries the run's marker. Settings of the machine and of the account do not count:
 * what is published must not depend on them. @throws StepFailure of kind `git` where the folder is not there.
 */
export function agentGit(side: AgentSide, dir: string): Git {
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found === undefined) throw new StepFailure({ kind: "git", message: `the folder ${dir} is gone` });
  if (!found.isDirectory()) throw new Error(`not a git repository: ${dir} is no folder`);
  const command = { dir, env: agentGitEnv(side, dir), maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, signal: side.signal };
  return thinGit((args) => runGit({ ...command, args }));
}

/** The whole environment of such a git. */
export function agentGitEnv(side: AgentSide, dir: string): Record<string, string> {
  return gitEnvironment({ env: passedOn(side, dir), config: configOf(side) });
}

/**
 * Git looks for a repository in the folder itself, never above it: where an agent deleted its worktree's `.git`, it
 * would else find, and commit, whatever checkout the data folder lies in.
 */
function passedOn({ env: all }: AgentSide, dir: string): Record<string, string> {
  const passed = Object.entries(all).filter(([name]) => !name.startsWith("GIT_") || PASSED.test(name));
  const env = Object.fromEntries(passed);
  return { ...env, GIT_CEILING_DIRECTORIES: dirname(dir) };
}

function configOf({ drivers = {} }: AgentSide): Record<string, string> {
  return { ...CONFIG, ...filterOff("lfs"), ...drivers };
}

/** Pure. Git takes a filter without a program for none: content stays as it is. */
export function filterOff(name: string): Record<string, string> {
  const filter = `filter.${name}`;
  return {
    [`${filter}.clean`]: "",
    [`${filter}.smudge`]: "",
    [`${filter}.process`]: "",
    [`${filter}.required`]: "false",
  };
}
