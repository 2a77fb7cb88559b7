import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import type { AgentRequest } from "../agent/types.ts";
import type { StartEgress } from "../egress/start.ts";

/** Return the options of one run's proxy: the connections that the configuration allows. */
export function egressOptions(
  request: AgentRequest,
  { config, log }: { readonly config: Config; readonly log: Logger },
): Omit<StartEgress, "folder" | "port" | "env"> {
  return {
    allow: config.agent.allow_hosts,
    secrets: config.agent.secrets,
    maxUsd: request.maxUsd,
    prices: config.agents.prices,
    proxyEnv: config.agentEnv,
    log: log.child({ run: request.runId }),
  };
}
