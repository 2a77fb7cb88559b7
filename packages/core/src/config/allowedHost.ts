import { normalizeHost, splitAuthority } from "./hostName.ts";

/** One entry of `agent.allow_hosts`. */
export interface AllowedHost {
  /** `name`: this host. `below`: all its subdomains. `address`: this IP address. `any`: every host with a public address. */
  readonly kind: "name" | "below" | "address" | "any";
  /** Host in the form of `normalizeHost`; empty for `any`. */
  readonly host: string;
  /** null: 443 and 80. */
  readonly port: number | null;
}

const STANDARD_PORTS = [443, 80];

/** Parse an entry such as `registry.example.org`, `*.example.org:8443`, `10.1.2.3:8080`, `[2001:db8::1]` or `*`; null: it is invalid. */
export function parseAllowedHost(text: string): AllowedHost | null {
  const split = splitAuthority(text);
  if (split === null) return null;
  const { host: written, port } = split;
  if (written === "*") return { kind: "any", host: "", port };
  const below = written.startsWith("*.");
  const named = normalizeHost(below ? written.slice(2) : written);
  if (named === null || written.slice(below ? 2 : 0).includes("*")) return null;
  const { host, isAddress } = named;
  if (!isAddress) return { kind: below ? "below" : "name", host, port };
  // An address must be written in its usual form, so that an operator recognizes it.
  const literal = written.toLowerCase().replace(/^\[|\]$/g, "");
  return below || (literal !== host && !host.includes(":")) ? null : { kind: "address", host, port };
}

/** Return whether the entry allows this host and port. `host`: in the form of `normalizeHost`. */
export function isAllowedBy(entry: AllowedHost, target: { readonly host: string; readonly port: number }): boolean {
  const { kind, host, port } = entry;
  if (port === null ? !STANDARD_PORTS.includes(target.port) : port !== target.port) return false;
  switch (kind) {
    case "any":
      return true;
    case "below":
      return target.host.endsWith(`.${host}`);
    case "name":
    case "address":
      return target.host === host;
    default:
      return kind satisfies never;
  }
}
