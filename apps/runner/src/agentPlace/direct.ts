import { plainLaunch, startAgent } from "../agent/start.ts";
import { localFiles } from "../files/local.ts";
import { ownGit, type GitExecutor } from "../git/executor.ts";
import { gitCommand, gitStreamCommand, type PlaceGit } from "./gitCommand.ts";
import { assertFolder, isOnPath, startFolderAt } from "./onDisk.ts";
import type { AgentPlace } from "./place.ts";

export interface DirectPlace extends PlaceGit {
  /** Borrowed. Default: `ownGit`. */
  readonly git?: GitExecutor;
  /** Path of bash, which runs the guards of agents. */
  readonly bash: string;
}

/**
 * Return the agent side without isolation. Agents, and git in their folders, run as the runner's own user, and the runner
 * opens their files itself. Git runs with an agent's environment, so the processes that it starts have the run's process marker.
 */
export function directPlace(options: DirectPlace): AgentPlace {
  const { env, signal, settings = {}, git = ownGit, bash } = options;
  return {
    ...localFiles,
    signal,
    async git(dir, args, more) {
      const answer = await git.run(gitCommand(options, { dir, args, options: more }));
      if (answer.code === undefined) assertFolder(dir, startFolderAt(dir));
      return answer;
    },
    streamGit: (dir, args, { timeoutMs }) => git.stream(gitStreamCommand(options, { dir, args, timeoutMs })),
    withSettings: (more) => directPlace({ ...options, settings: { ...settings, ...more } }),
    onBase: () => directPlace(options),
    hasProgram: async (name) => isOnPath(env["PATH"] ?? "", name),
    isRoot: (process.getuid?.() ?? 0) === 0,
    startAgent: (driver, request, deps) => Promise.resolve(startAgent(driver, request, deps, plainLaunch(bash))),
  };
}
