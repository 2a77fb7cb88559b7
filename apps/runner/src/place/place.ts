import type { AgentDeps, AgentDriver, AgentHandle, AgentRequest } from "../agent/types.ts";
import type { Files } from "../files/files.ts";
import type { Git } from "../git/openGit.ts";
import type { GitAnswer, GitRun } from "../git/runGit.ts";
import type { GitStream } from "../git/streamGit.ts";
import { thinGit } from "../git/thinGit.ts";

export interface PlaceGitOptions {
  readonly input?: Buffer | undefined;
  /** Of its standard output. */
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  /** Paths in its arguments and its input are names, and no patterns. */
  readonly literalPaths?: boolean;
}

/**
 * The agent side: the only way to its files, to git in its folders, and to the agent itself. Its folders are an issue's
 * worktree, its thin repository, its temporary folder and its home folder. Agents can change everything there, so each
 * answer is hostile input.
 */
export interface AgentPlace extends Files {
  /** Ends the git commands. */
  readonly signal: AbortSignal | undefined;
  /**
   * Run one git command in a folder, without any settings of the machine or of the account. An exit code is an answer, not an
   * error. @throws StepFailure of kind `git` where the folder is missing, Error where it is no folder, or the signal's reason
   */
  git(dir: string, args: readonly string[], options?: PlaceGitOptions): Promise<GitAnswer>;
  streamGit(dir: string, args: readonly string[], options: { readonly timeoutMs: number }): GitStream;
  /** The same place, with these settings for its git: see `withoutDrivers`. */
  withSettings(settings: Readonly<Record<string, string>>): AgentPlace;
  /** Whether agents find a program by their PATH. */
  hasProgram(name: string): Promise<boolean>;
  /** Agents are root, as they see it. */
  readonly isRoot: boolean;
  /** Start an agent behind its guard. Trouble of any kind ends in `done`. */
  startAgent(driver: AgentDriver, request: AgentRequest, deps: AgentDeps): Promise<AgentHandle>;
}

/** Git in one folder of the agent side, for who needs all of its answer. */
export function inFolder(place: AgentPlace, dir: string): GitRun {
  return (args, options) => place.git(dir, args, options);
}

/** Git in one folder of the agent side, for who needs the text of an answer alone. */
export function gitIn(place: AgentPlace, dir: string): Git {
  return thinGit((args) => place.git(dir, args));
}
