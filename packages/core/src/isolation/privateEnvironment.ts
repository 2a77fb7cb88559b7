import { existsSync } from "node:fs";
import { toolchainVariables } from "./toolchains.ts";

/** Agents' environment with another home folder. Pure but for a read of which toolchains are in the user's own one. */
export function privateEnvironment(env: Readonly<Record<string, string>>, home: string): Record<string, string> {
  const { CLAUDE_CONFIG_DIR: _, ...rest } = env;
  const owner = env["HOME"];
  return { ...rest, ...(owner ? toolchainVariables(rest, owner, existsSync) : {}), HOME: home };
}
