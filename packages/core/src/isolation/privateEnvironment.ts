import { existsSync } from "node:fs";
import { toolchainVariables } from "./toolchains.ts";

/** Return an agent's environment with another home folder. Pure, except that it reads which toolchains the user's home folder has. */
export function privateEnvironment(env: Readonly<Record<string, string>>, home: string): Record<string, string> {
  const { CLAUDE_CONFIG_DIR: _, ...rest } = env;
  const userHome = env["HOME"];
  return { ...rest, ...(userHome ? toolchainVariables(rest, userHome, existsSync) : {}), HOME: home };
}
