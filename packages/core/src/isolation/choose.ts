import { agentHomeOf } from "../config/agentHome.ts";
import type { Config } from "../config/resolve.ts";
import type { LauncherProbe } from "./launcher/probe.ts";
import type { AgentIds } from "./launcher/protocol.ts";
import type { SandboxProbe } from "./probe.ts";

/** The isolation of agents. `text` and `advice` are lines for the operator. */
export type Isolation =
  | {
      readonly mode: "sandbox";
      readonly text: string;
      readonly advice: null;
      /** Path of `bwrap`. */ readonly program: string;
    }
  | {
      readonly mode: "user";
      readonly text: string;
      readonly advice: null;
      /** Path of the launcher's socket. */ readonly socket: string;
      readonly ids: AgentIds;
    }
  | { readonly mode: "none"; readonly text: string; readonly advice: string | null };

export interface Refusal {
  readonly mode: "refused";
  readonly text: string;
  readonly advice: string;
}

const NOT_ISOLATED = "agents are not isolated: they run as the user of tac8";
const UNSET_ADVICE =
  'set agent.isolation to "auto", or to "none" to keep this; a later version will use "auto" by default';

/** Results of the probes of this machine; null: not probed, see `needsProbe`. */
export interface Probes {
  readonly sandbox: SandboxProbe | null;
  readonly launcher: LauncherProbe | null;
}

/** Return which probes a choice needs. Pure. */
export function needsProbe({ agent }: Pick<Config, "agent">): {
  readonly sandbox: boolean;
  readonly launcher: boolean;
} {
  const asked = agent.isolation;
  return { sandbox: asked === "auto" || asked === "sandbox", launcher: asked === "auto" || asked === "user" };
}

/**
 * Choose the isolation of this machine's agents by the key `agent.isolation` and the results of the probes. `auto` chooses the strongest
 * isolation that works. Pure.
 */
export function chooseIsolation(
  config: Pick<Config, "agent" | "agentEnv" | "agents">,
  { sandbox, launcher }: Probes,
): Isolation | Refusal {
  const asked = config.agent.isolation;
  if (asked === undefined) {
    return { mode: "none", text: NOT_ISOLATED, advice: UNSET_ADVICE };
  }
  if (asked === "none") {
    return { mode: "none", text: `${NOT_ISOLATED} (agent.isolation is "none")`, advice: null };
  }
  const obstacle = obstacleOf(config);
  if (obstacle === null && sandbox?.works === true) return { ...SANDBOX, program: sandbox.program };
  if (obstacle === null && launcher?.works === true) return { ...USER, socket: launcher.socket, ids: launcher.ids };
  const failed = [sandbox, launcher].flatMap((probe) => (probe === null || probe.works ? [] : [probe]));
  // If a launcher was started, the operator wants to use it, so its problem comes first. Otherwise the sandbox's problem does.
  const [probe] = launcher?.works === false && launcher.isStarted ? failed.toReversed() : failed;
  const obstacles = [obstacle, sandbox?.works === true || launcher?.works === true ? null : probe].filter(
    (one) => one != null,
  );
  const [whys, fixes] = [obstacles.map(({ why }) => why), obstacles.map(({ fix }) => fix)];
  return {
    mode: "refused",
    text: `agents cannot be isolated: ${whys.join("; also, ")}`,
    advice: `${fixes.join("; then ")}; or set agent.isolation to "none"`,
  };
}

const SANDBOX = {
  mode: "sandbox",
  text: "agents run in a sandbox (bubblewrap): each agent sees only its issue's files and can use the network only through tac8's proxy",
  advice: null,
} as const;

const USER = {
  mode: "user",
  text: "each issue's agents run as a separate user and share the network with other agents",
  advice: null,
} as const;

interface Obstacle {
  readonly why: string;
  /** A command, or an advice. */
  readonly fix: string;
}

/** Return the setting that requires the home folder of tac8's user, which agents in a sandbox cannot access; null: none. */
function obstacleOf(config: Pick<Config, "agent" | "agentEnv" | "agents">): Obstacle | null {
  const { standard, rules } = config.agents;
  for (const { provider } of [standard, ...rules.map(({ agent }) => agent)]) {
    const home = agentHomeOf(config, provider);
    if (home.kind === "private" || home.why === "command") continue;
    if (home.why === "setting") return { why: 'agent.home is "shared"', fix: "remove agent.home" };
    return {
      why: "Claude Code has no key, and a login in the home folder of tac8's user cannot be used",
      fix: "set ANTHROPIC_API_KEY, or run claude setup-token and set CLAUDE_CODE_OAUTH_TOKEN to what it prints",
    };
  }
  return null;
}

/** Return a short description of an isolation. `mode`: of an `Isolation`, possibly of a newer version. Pure. */
export function isolationWords(mode: string): string {
  if (mode === "none") return "agents not isolated";
  return mode === "user" ? "agents run as separate users" : `agents in a ${mode}`;
}
