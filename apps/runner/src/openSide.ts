import { fileURLToPath } from "node:url";
import { StartupProblem } from "@tac8/core/app/main";
import type { Config } from "@tac8/core/config/resolve";
import type { Isolation } from "@tac8/core/isolation/choose";
import { findIsolation } from "@tac8/core/isolation/find";
import { leftOut, replaceable, REPLACEABLE_FIX } from "@tac8/core/isolation/agentView";
import { thisMachine } from "@tac8/core/isolation/machine";
import type { Logger } from "@tac8/core/log/logger";
import { sandboxOpener } from "./place/sandbox/opener.ts";
import { openDirectSide, type OpenSide } from "./place/side.ts";
import { userOpener } from "./place/user/opener.ts";

/** Node, and a program of tac8 for the folder that it lies in: what an agent could replace. */
const OWN_PROGRAMS = [process.execPath, fileURLToPath(new URL("guard/main.ts", import.meta.url))];

/** Find out once, at the start, how agents are isolated here. @throws StartupProblem it does not work as asked for, or would leave programs of tac8 open */
export async function isolationOf(config: Config): Promise<Isolation> {
  const found = await findIsolation(config, config.agentEnv["PATH"] ?? "");
  if (found.mode === "refused") throw new StartupProblem(`${found.text}. To fix it, ${found.advice}`);
  if (found.mode === "sandbox") {
    const lines = replaceable({ config, path: config.agentEnv["PATH"] ?? "", programs: OWN_PROGRAMS }, thisMachine);
    if (lines.length > 0) throw new StartupProblem(`${lines.join("\n")}. To fix it, ${REPLACEABLE_FIX}`);
  }
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
    case "user":
      return userOpener({ ...given, socket: isolation.socket, ids: isolation.ids });
    case "none":
      return openDirectSide;
    default:
      return isolation satisfies never;
  }
}
