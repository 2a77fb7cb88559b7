import { createHash } from "node:crypto";
import { join } from "node:path";
import type { GitHubCredentials } from "@tac8/core/config/credentials";
import type { Config } from "@tac8/core/config/resolve";
import { isRepositoryHold } from "@tac8/core/domain/holds";
import { sharedConfig } from "../janitor/sessions.ts";
import { readLocalFile } from "../files/local.ts";

/** Names and prefixes of the variables with an agent's credentials, whatever serves its model. */
const OF_AGENTS = /^(ANTHROPIC_|CLAUDE_)/;
const MAX_FILE = 65_536;

/**
 * Return the fingerprint of the credentials that a hold depends on; null if it depends on none. Different credentials
 * have different fingerprints, and a fingerprint reveals nothing about the secret.
 */
export async function credentialsOfHold(
  hold: string,
  config: Pick<Config, "agent" | "agentEnv" | "secrets">,
): Promise<string | null> {
  if (isRepositoryHold(hold)) return fingerprint(ofGitHub(config.secrets.github));
  if (hold === "auth" || hold === "usage-limit") return fingerprint(await ofAgents(config));
  return null;
}

/** Return the stable credentials: the tokens of an App change all the time, so use those that create the tokens. */
function ofGitHub(credentials: GitHubCredentials | null): string[] {
  if (credentials?.kind !== "app") return [credentials?.token ?? ""];
  return ["app", String(credentials.id), String(credentials.installationId ?? ""), credentials.privateKey];
}

/** Return the variables that agents get, and the file in which Claude Code stores its own login. */
async function ofAgents({ agent, agentEnv }: Pick<Config, "agent" | "agentEnv">): Promise<string[]> {
  const names = Object.keys(agentEnv).filter((name) => OF_AGENTS.test(name) || agent.env.includes(name));
  const variables = names.toSorted().map((name) => `${name}=${agentEnv[name] ?? ""}`);
  const folder = sharedConfig(agentEnv) ?? "/.claude";
  // An agent can write this file too.
  const login = await readLocalFile(join(folder, ".credentials.json"), MAX_FILE, { followLinks: true });
  return [...variables, login?.toString("utf8") ?? ""];
}

function fingerprint(parts: readonly string[]): string {
  return createHash("sha256")
    .update(JSON.stringify(["tac8", ...parts]))
    .digest("hex")
    .slice(0, 16);
}
