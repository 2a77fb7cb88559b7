import { StartupProblem } from "@tac8/core/app/main";
import type { Config } from "@tac8/core/config/resolve";
import { chooseIsolation, needsProbe, type Isolation } from "@tac8/core/isolation/choose";
import { probeSandbox } from "@tac8/core/isolation/probe";
import { leftOut, secretPaths } from "@tac8/core/isolation/agentView";
import { thisMachine } from "@tac8/core/isolation/machine";
import type { Logger } from "@tac8/core/log/logger";
import { sandboxOpener } from "./sandbox/opener.ts";
import { openDirectSide, type OpenSide } from "./side.ts";

/** Find out once, at the start, how agents are isolated here. @throws StartupProblem the isolation asked for does not work here */
export async function findIsolation(config: Config): Promise<Isolation> {
  const uid = process.getuid?.() ?? 0;
  const path = config.agentEnv["PATH"] ?? "";
  const probe = needsProbe(config) ? await probeSandbox({ path, uid, secret: secretPaths(config) }) : null;
  const found = chooseIsolation(config, probe);
  if (found.mode === "refused") throw new StartupProblem(`${found.text}. To fix it, ${found.advice}`);
  return found;
}

export async function sideOpener(
  isolation: Isolation,
  given: { readonly config: Config; readonly log: Logger },
): Promise<OpenSide> {
  switch (isolation.mode) {
    case "sandbox":
      for (const line of leftOut(given, thisMachine)) given.log.warn(line);
      return sandboxOpener({ ...given, program: isolation.program });
    case "none":
      return openDirectSide;
    default:
      return isolation satisfies never;
  }
}
