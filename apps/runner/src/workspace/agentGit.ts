import { dirname } from "node:path";
import type { SimpleGit } from "simple-git";
import { gitEnvironment, openGit } from "../git/openGit.ts";

export interface AgentSide {
  /** What agents see, with the marker `TAC8_RUN` and the configured author; never a token. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Settings that turn off what the repository's own settings would run: see `withoutDrivers`. */
  readonly drivers?: Readonly<Record<string, string>>;
}

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
 * what is published must not depend on them.
 */
export function agentGit(side: AgentSide, dir: string): SimpleGit {
  return openGit({ dir, env: passedOn(side, dir), config: configOf(side), signal: side.signal });
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
