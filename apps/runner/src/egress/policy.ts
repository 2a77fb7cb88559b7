import { isAllowedBy, parseAllowedHost, type AllowedHost } from "@tac8/core/config/allowedHost";
import { normalizeHost, splitAuthority, type HostName } from "@tac8/core/config/hostName";
import { PRESET_WORDS, READ_ONLY, REGISTRIES } from "./preset.ts";

/** Host and port that a client requests, in canonical spelling. */
export interface Target extends HostName {
  readonly port: number;
}

export interface Policy {
  /** `open`: any traffic. `read-only`: requests that only read. */
  decide(target: Target): "open" | "read-only" | "refused";
  /** Whether this address of the target is listed, so that it may be a private address. */
  isListed(address: string, target: Target): boolean;
  /** List of the allowed hosts, for error messages to users and agents. */
  readonly allowedHosts: string;
}

const MAX_LENGTH = 2000;
const PRESET = REGISTRIES.flatMap(({ hosts }) => hosts);

/**
 * Return the policy for one run. Pure.
 * @param allow entries of `agent.allow_hosts`; invalid ones are skipped, because the configuration refuses them
 */
export function policyOf(allow: readonly string[]): Policy {
  const entries = allow.flatMap((text) => parseAllowedHost(text) ?? []);
  const preset = PRESET.flatMap((text) => parseAllowedHost(text) ?? []);
  const has = (kinds: readonly AllowedHost["kind"][], target: { host: string; port: number }): boolean =>
    entries.some((entry) => kinds.includes(entry.kind) && isAllowedBy(entry, target));
  return {
    decide(target) {
      if (has(["name", "address"], target)) return "open";
      // A pattern does not open GitHub's hosts for pushes. Only an entry with the exact name does.
      if (READ_ONLY.includes(target.host)) return target.port === 80 || target.port === 443 ? "read-only" : "refused";
      if (has(["below", "any"], target)) return "open";
      return preset.some((entry) => isAllowedBy(entry, target)) ? "open" : "refused";
    },
    isListed: (host, { port }) => has(["address"], { host, port }),
    allowedHosts: [PRESET_WORDS, ...(allow.length > 0 ? [allow.join(", ")] : [])].join("; ").slice(0, MAX_LENGTH),
  };
}

/** Parse the target of `CONNECT host:port`; null: it is not a valid target. */
export function targetOf(authority: string, standardPort: number | null = null): Target | null {
  const split = splitAuthority(authority);
  const name = split === null ? null : normalizeHost(split.host);
  const port = split?.port ?? standardPort;
  return name === null || port === null ? null : { ...name, port };
}

/** Format the target for messages: `example.org`, `example.org:8443`, `[2001:db8::1]:8443`. */
export function shownTarget({ host, port }: Target): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 443 || port === 80 ? name : `${name}:${port}`;
}
