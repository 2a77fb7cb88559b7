import { runGit, type GitAnswer, type GitCommand } from "./runGit.ts";
import { streamGit, type GitStream, type GitStreamCommand } from "./streamGit.ts";

/** Where git commands are started: see `runGit` and `streamGit`. */
export interface GitExecutor {
  run(command: GitCommand): Promise<GitAnswer>;
  stream(command: GitStreamCommand): GitStream;
}

/** Starts git as a child of this process. */
export const ownGit: GitExecutor = { run: runGit, stream: streamGit };
