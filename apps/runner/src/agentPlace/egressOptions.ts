import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import type { AgentRequest } from "../agent/types.ts";
import type { ProxyProcess } from "../egress/process.ts";
import type { StartEgress } from "../egress/start.ts";
import type { ProcessPool } from "../process/pool.ts";

/** Parts of a runner that open the proxies of its runs. */
export interface EgressParts {
  readonly config: Config;
  readonly log: Logger;
  /** Processes for the proxies, started with `config.agentEnv`. Borrowed. */
  readonly proxies: ProcessPool<ProxyProcess>;
}

/** Return the options of one run's proxy: the connections that the configuration allows. */
export function egressOptions(
  request: AgentRequest,
  { config, log, proxies }: EgressParts,
): Omit<StartEgress, "folder" | "port" | "env"> {
  return {
    allow: config.agent.allow_hosts,
    secrets: config.agent.secrets,
    maxUsd: request.maxUsd,
    prices: config.agents.prices,
    proxyEnv: config.agentEnv,
    log: log.child({ run: request.runId }),
    proxies,
  };
}
