import { dirname } from "node:path";
import type { SimpleGit } from "simple-git";
import { openGit } from "../git/openGit.ts";

export interface AgentSide {
  /** What agents see, with the marker `TAC8_RUN` and the configured author; never a token. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Git on the agent's side. Everything there (settings, filters, links) may be an agent's doing, so it runs with an
 * agent's environment and what it starts carries the run's marker.
 */
export function agentGit(side: AgentSide, dir: string): SimpleGit {
  return openGit({
    dir,
    env: agentGitEnv(side, dir),
    config: { "safe.directory": "*" },
    signal: side.signal,
  });
}

/**
 * Git looks for a repository in the folder itself, never above it: where an agent deleted its worktree's `.git`, it
 * would else find, and commit, whatever checkout the data folder lies in.
 */
export function agentGitEnv({ env }: AgentSide, dir: string): Record<string, string> {
  return { ...env, GIT_CEILING_DIRECTORIES: dirname(dir) };
}
