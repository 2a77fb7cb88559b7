import { startAgent } from "../agent/start.ts";
import { localFiles } from "../files/local.ts";
import { runGit } from "../git/runGit.ts";
import { streamGit } from "../git/streamGit.ts";
import { gitCommand, gitStreamCommand, type PlaceGit } from "./gitCommand.ts";
import { assertFolder, isOnPath, startFolderAt } from "./onDisk.ts";
import type { AgentPlace } from "./place.ts";

/**
 * Return the agent side without isolation. Agents, and git in their folders, run as the runner's own user, and the runner
 * opens their files itself. Git runs with an agent's environment, so the processes that it starts have the run's process marker.
 */
export function directPlace(options: PlaceGit): AgentPlace {
  const { env, signal, settings = {} } = options;
  return {
    ...localFiles,
    signal,
    async git(dir, args, more) {
      const answer = await runGit(gitCommand(options, { dir, args, options: more }));
      if (answer.code === undefined) assertFolder(dir, startFolderAt(dir));
      return answer;
    },
    streamGit: (dir, args, { timeoutMs }) => streamGit(gitStreamCommand(options, { dir, args, timeoutMs })),
    withSettings: (more) => directPlace({ ...options, settings: { ...settings, ...more } }),
    hasProgram: async (name) => isOnPath(env["PATH"] ?? "", name),
    isRoot: (process.getuid?.() ?? 0) === 0,
    startAgent: (driver, request, deps) => Promise.resolve(startAgent(driver, request, deps)),
  };
}
