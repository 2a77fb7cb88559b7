import type { RunContext } from "../run/context.ts";

/** May this account start work? It is named in the configuration, or GitHub lets it write to the repository. */
export async function isTrusted(run: RunContext, login: string): Promise<boolean> {
  const { github, config } = run.services;
  if (config.github.trusted_users.some((user) => user.toLowerCase() === login.toLowerCase())) return true;
  const permission = await github.permission(run.ref, login, { signal: run.switch.halt });
  return permission === "admin" || permission === "write";
}
