import { secretUrl } from "@tac8/core/config/agentSecrets";
import { isAllowedBy, parseAllowedHost, type AllowedHost } from "@tac8/core/config/allowedHost";
import { variable } from "@tac8/core/config/environment";
import type { Config } from "@tac8/core/config/resolve";
import { targetOf, type Policy } from "../egress/policy.ts";

/** Parts of the configuration that may name private addresses. */
export type Named = Pick<Config, "github" | "agent">;

export interface Allowed {
  readonly entries: readonly AllowedHost[];
  /** Lines for the operator. */
  readonly problems: readonly string[];
}

/**
 * Return the hosts that the exit connects to whatever their addresses are: those of `TAC8_EXIT_ALLOW`, and those that
 * the operator has configured elsewhere: GitHub's API, addresses in `agent.allow_hosts`, the APIs of `agent.secrets`.
 * Pure.
 * @param config null if it cannot be read
 */
export function allowedBy(env: Readonly<Record<string, string | undefined>>, config: Named | null): Allowed {
  const problems: string[] = [];
  const entries: AllowedHost[] = [];
  for (const text of (variable(env, "TAC8_EXIT_ALLOW") ?? "").split(/[\s,]+/).filter((part) => part !== "")) {
    const entry = parseAllowedHost(text);
    if (entry !== null && entry.kind !== "any") entries.push(entry);
    else
      problems.push(
        `environment variable TAC8_EXIT_ALLOW: found ${JSON.stringify(text.slice(0, 100))}, expected HOST:PORT or ADDRESS:PORT`,
      );
  }
  if (config === null) return { entries, problems };
  for (const text of config.agent.allow_hosts) {
    const entry = parseAllowedHost(text);
    if (entry?.kind === "address") entries.push(entry);
  }
  const apis = Object.values(config.agent.secrets).flatMap((text) => secretUrl(text) ?? []);
  const github = URL.canParse(config.github.api_url) ? [new URL(config.github.api_url)] : [];
  for (const { host, protocol } of [...apis, ...github]) {
    const target = targetOf(host, protocol === "http:" ? 80 : 443);
    if (target !== null)
      entries.push({ kind: target.isAddress ? "address" : "name", host: target.host, port: target.port });
  }
  return { entries, problems };
}

/** Return a policy that allows every host, but private addresses only for the entries. Pure. */
export function exitPolicy(entries: readonly AllowedHost[]): Policy {
  return {
    decide: () => "open",
    isListed: (address, { host, port }) =>
      entries.some((entry) => isAllowedBy(entry, { host, port }) || isAllowedBy(entry, { host: address, port })),
    allowedHosts: "public addresses, and what TAC8_EXIT_ALLOW lists",
  };
}
