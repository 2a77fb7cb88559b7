import type { AgentPlace } from "../place.ts";
import { gitCommand, gitStreamCommand, type PlaceGit } from "../gitCommand.ts";
import type { PlaceHelper } from "./client.ts";

export interface HelperPlace extends PlaceGit, Pick<AgentPlace, "isRoot"> {
  /** Borrowed: its owner closes it. */
  readonly helper: PlaceHelper;
  /** Helper of `onBase`, borrowed too. Default: the same. */
  readonly onBase?: PlaceHelper | undefined;
  readonly startAgent: AgentPlace["startAgent"];
}

/** Return the agent side with a helper, which decides where git runs and files are opened. */
export function helperPlace(options: HelperPlace): AgentPlace {
  const { helper, env, signal, settings = {}, isRoot, startAgent } = options;
  return {
    ...helper,
    signal,
    git: (dir, args, more) => helper.git(gitCommand(options, { dir, args, options: more })),
    streamGit: (dir, args, { timeoutMs }) => helper.streamGit(gitStreamCommand(options, { dir, args, timeoutMs })),
    withSettings: (more) => helperPlace({ ...options, settings: { ...settings, ...more } }),
    onBase: () => helperPlace({ ...options, helper: options.onBase ?? helper }),
    hasProgram: (name) => helper.hasProgram(env["PATH"] ?? "", name),
    isRoot,
    startAgent,
  };
}
