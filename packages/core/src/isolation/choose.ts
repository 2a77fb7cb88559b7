import { agentHomeOf } from "../config/agentHome.ts";
import type { Config } from "../config/resolve.ts";
import type { SandboxProbe } from "./probe.ts";

/** How agents are kept from what is not theirs, and why so. `text` and `advice` are lines for people. */
export type Isolation =
  | {
      readonly mode: "sandbox";
      readonly text: string;
      readonly advice: null;
      /** Path of `bwrap`. */ readonly program: string;
    }
  | { readonly mode: "none"; readonly text: string; readonly advice: string | null };

export interface Refusal {
  readonly mode: "refused";
  readonly text: string;
  readonly advice: string;
}

const NOT_ISOLATED = "agents are not isolated and run as the user of tac8";
const UNSET_ADVICE =
  'set agent.isolation to "auto", or to "none" to keep this; a later version will use "auto" by default';

/** Whether a choice needs a probe of the sandbox first. Pure. */
export function needsProbe({ agent }: Pick<Config, "agent">): boolean {
  return agent.isolation === "auto" || agent.isolation === "sandbox";
}

/** Choose the isolation of this machine's agents by the key `agent.isolation` and a probe, if `needsProbe`. Pure. */
export function chooseIsolation(
  config: Pick<Config, "agent" | "agentEnv" | "agents">,
  probe: SandboxProbe | null,
): Isolation | Refusal {
  const asked = config.agent.isolation;
  if (asked === undefined) {
    return { mode: "none", text: NOT_ISOLATED, advice: UNSET_ADVICE };
  }
  if (asked === "none") {
    return { mode: "none", text: `${NOT_ISOLATED} (agent.isolation is "none")`, advice: null };
  }
  const obstacles = [obstacleOf(config), obstacleInProbe(probe)].filter((one) => one !== null);
  if (obstacles.length > 0 || probe?.works !== true) {
    const [whys, fixes] = [obstacles.map(({ why }) => why), obstacles.map(({ fix }) => fix)];
    return {
      mode: "refused",
      text: `agents cannot be isolated: ${whys.join("; also, ")}`,
      advice: `${fixes.join("; then ")}; or set agent.isolation to "none"`,
    };
  }
  return {
    mode: "sandbox",
    text: "agents run in a sandbox (bubblewrap): each sees its own issue's files, and no network but tac8's proxy",
    advice: null,
    program: probe.program,
  };
}

interface Obstacle {
  readonly why: string;
  /** A command, or what to do. */
  readonly fix: string;
}

function obstacleInProbe(probe: SandboxProbe | null): Obstacle | null {
  if (probe === null) return { why: "nothing was tried", fix: "start tac8 again" };
  return probe.works ? null : probe;
}

/** What in the configuration needs the home folder of tac8's user, which agents in a sandbox do not have. */
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
