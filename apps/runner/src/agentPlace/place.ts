import type { AgentDeps, AgentDriver, AgentHandle, AgentRequest } from "../agent/types.ts";
import type { Files } from "../files/files.ts";
import type { GitInput } from "../git/gitProcess.ts";
import type { Git } from "../git/openGit.ts";
import type { GitAnswer } from "../git/runGit.ts";
import type { RunGit } from "../git/executor.ts";
import type { GitStream } from "../git/streamGit.ts";
import { gitFromRun } from "../git/gitFromRun.ts";

export interface PlaceGitOptions {
  readonly input?: GitInput | undefined;
  /** Limit of its standard output. */
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  /** Paths in its arguments and its input are names, not patterns. */
  readonly literalPaths?: boolean;
}

/**
 * The only access to the agent side: its files, git in its folders, and the agent itself. Its folders are the worktree, the thin
 * repository, the temporary folder and the home folder of an issue. Agents can change everything there, so each answer is
 * hostile input.
 */
export interface AgentPlace extends Files {
  /** If it aborts, the git commands end. */
  readonly signal: AbortSignal | undefined;
  /**
   * Run one git command in a folder, without any settings of the machine or of the account. An exit code is an answer, not an
   * error. @throws StepFailure of kind `git` if the folder is missing, Error if it is no folder, or the signal's reason
   */
  git(dir: string, args: readonly string[], options?: PlaceGitOptions): Promise<GitAnswer>;
  streamGit(dir: string, args: readonly string[], options: { readonly timeoutMs: number }): GitStream;
  /** Return the same place with these settings for its git: see `withoutGitDrivers`. */
  withSettings(settings: Readonly<Record<string, string>>): AgentPlace;
  /**
   * Return the same place for git that checks out no commit except one of the base branch. In folders that no agent has had access to, the
   * runner may run such git itself. Git that may read an agent's commits never gets this place.
   */
  onBase(): AgentPlace;
  /** Return whether agents find a program on their PATH. */
  hasProgram(name: string): Promise<boolean>;
  /** Agents see themselves as root. */
  readonly isRoot: boolean;
  /** Start an agent with its guard. Every failure is reported by `done`. */
  startAgent(driver: AgentDriver, request: AgentRequest, deps: AgentDeps): Promise<AgentHandle>;
}

/** Return a function that runs git in one folder of the agent side, with its complete answer. */
export function runGitIn(place: AgentPlace, dir: string): RunGit {
  return (args, options) => place.git(dir, args, options);
}

/** Return git in one folder of the agent side, with only the text of its answer. */
export function gitIn(place: AgentPlace, dir: string): Git {
  return gitFromRun((args) => place.git(dir, args));
}
