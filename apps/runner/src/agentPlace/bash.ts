import { findProgram } from "@tac8/core/app/findProgram";
import { StartupProblem } from "@tac8/core/app/main";
import type { Config } from "@tac8/core/config/resolve";

/** Return the path of bash, which runs the guards of agents. @throws StartupProblem it is not installed */
export function requireBash({ agentEnv }: Pick<Config, "agentEnv">): string {
  const bash = findProgram("bash", { path: agentEnv["PATH"] ?? "", cwd: "/" });
  if (bash === null) throw new StartupProblem("bash was not found: install it (sudo apt-get install bash)");
  return bash;
}
