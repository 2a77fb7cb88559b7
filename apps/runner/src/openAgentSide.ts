import { StartupProblem } from "@tac8/core/app/main";
import type { Config } from "@tac8/core/config/resolve";
import type { Isolation } from "@tac8/core/isolation/choose";
import { findIsolation } from "@tac8/core/isolation/find";
import { leftOut, replaceable } from "@tac8/core/isolation/agentView";
import { thisMachine } from "@tac8/core/isolation/machine";
import { requireBash } from "./agentPlace/bash.ts";
import type { EgressParts } from "./agentPlace/egressOptions.ts";
import { OWN, sandboxOpener } from "./agentPlace/sandbox/opener.ts";
import { directOpener, type OpenAgentSide } from "./agentPlace/side.ts";
import type { GitExecutor } from "./git/executor.ts";
import { userOpener } from "./agentPlace/user/opener.ts";

/** Return how agents are isolated on this machine. Called once, at the start. @throws StartupProblem if the configured isolation does not work */
export async function isolationOf(config: Config): Promise<Isolation> {
  const found = await findIsolation(config, config.agentEnv["PATH"] ?? "");
  if (found.mode === "refused") throw new StartupProblem(`${found.text}. To fix it, ${found.advice}`);
  return found;
}

export async function sideOpener(
  isolation: Isolation,
  given: EgressParts & { readonly git: GitExecutor },
): Promise<OpenAgentSide> {
  switch (isolation.mode) {
    case "sandbox":
      for (const line of [...leftOut(given, thisMachine), ...replaceable({ ...given, own: OWN }, thisMachine)]) {
        given.log.warn(line);
      }
      return sandboxOpener({ ...given, program: isolation.program });
    case "user":
      return userOpener({ ...given, socket: isolation.socket, ids: isolation.ids });
    case "none":
      return directOpener({ git: given.git, bash: requireBash(given.config) });
    default:
      return isolation satisfies never;
  }
}
