import type { Config } from "./resolve.ts";
import type { AgentChoice } from "./routing.ts";
import { MODEL_SECRETS } from "./variables.ts";

/**
 * The home folder (HOME) of an agent: one per issue (`private`), or the folder of tac8's user (`shared`), because of the key `agent.home`, or
 * because the agent may need a login that only that folder has.
 */
export type AgentHome =
  { readonly kind: "private" } | { readonly kind: "shared"; readonly why: "setting" | "login" | "command" };

/** Return the home folder for agents of a provider. Pure. */
export function agentHomeOf(
  { agent, agentEnv }: Pick<Config, "agent" | "agentEnv">,
  provider: AgentChoice["provider"],
): AgentHome {
  if (agent.home === "shared") return { kind: "shared", why: "setting" };
  if (agent.home === "private") return { kind: "private" };
  if (provider === "command") return { kind: "shared", why: "command" };
  return MODEL_SECRETS.some((name) => agentEnv[name]) ? { kind: "private" } : { kind: "shared", why: "login" };
}

/** The warning about agents that share a home folder although the configuration does not require it. */
export interface SharedHome {
  readonly text: string;
  /** What to do. */
  readonly advice: string;
}

const SHARED: Readonly<Record<"login" | "command", SharedHome>> = {
  login: {
    text: "agents share the home folder of tac8's user, because it may contain Claude Code's login",
    advice:
      "run claude setup-token and set CLAUDE_CODE_OAUTH_TOKEN to what it prints (or set ANTHROPIC_API_KEY), so that each issue has its own home folder",
  },
  command: {
    text: "agents share the home folder of tac8's user, because it may contain the login of the program in command_template",
    advice: 'set agent.home to "private" if the program needs nothing in that folder, otherwise to "shared"',
  },
};

/** Return the warning for all agents of the configuration; null: each issue has its own home folder, or `shared` is configured. Pure. */
export function sharedHome(config: Pick<Config, "agent" | "agentEnv" | "agents">): SharedHome | null {
  const { standard, rules } = config.agents;
  for (const { provider } of [standard, ...rules.map(({ agent }) => agent)]) {
    const home = agentHomeOf(config, provider);
    if (home.kind === "shared" && home.why !== "setting") return SHARED[home.why];
  }
  return null;
}
