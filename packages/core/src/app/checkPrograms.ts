import { isAbsolute } from "node:path";
import type { Config } from "../config/resolve.ts";
import { findProgram } from "./findProgram.ts";

/** Return the programs that a runner needs and that are missing: one line each, with what to do. `path`: a `PATH`. */
export function missingPrograms({ llm, agents }: Pick<Config, "llm" | "agents">, path: string): string[] {
  const missing = (name: string) => findProgram(name, { path, cwd: "/" }) === null;
  const lines: string[] = [];
  if (missing("git")) lines.push("git was not found: install it (sudo apt-get install git)");
  if (missing("flock")) lines.push("flock was not found: install it (sudo apt-get install util-linux)");
  const agent =
    llm.provider === "command"
      ? { name: llm.command_template?.[0] ?? "", key: "llm.command_template" }
      : { name: llm.command[0] ?? "claude", key: "llm.command" };
  const routed = agents.rules.map((rule) => ({
    name: rule.agent.program[0] ?? "",
    key: `the provider of ${rule.name}`,
  }));
  const all = new Map([agent, ...routed].toReversed().map((entry) => [entry.name, entry]));
  for (const { name, key } of [...all.values()].toReversed()) {
    // A path relative to the worktree, such as ./script/agent, exists only after a run has created the worktree.
    const fromWorktree = name.includes("/") && !isAbsolute(name);
    if (!fromWorktree && missing(name)) lines.push(agentMissing({ name, key }));
  }
  return lines;
}

function agentMissing({ name, key }: { name: string; key: string }): string {
  if (name === "claude") {
    return "claude was not found on the PATH: install it (npm install --global @anthropic-ai/claude-code, with sudo if npm belongs to root), or set llm.command to its path";
  }
  return `the agent's program ${name} was not found, or is not executable: install it, or change ${key} in the configuration`;
}
