import type { Share, shareFiles } from "./files.ts";
import { runnerRules } from "./rules.ts";

type Files = Pick<ReturnType<typeof shareFiles>, "ca" | "cert" | "key">;

/** Return the settings of Redis for TLS, in an order in which a running Redis accepts them in one step. Pure. */
export function tlsSettings({ address, port }: Pick<Share, "address" | "port">, files: Files): [string, string][] {
  return [
    ["tls-cert-file", files.cert],
    ["tls-key-file", files.key],
    ["tls-ca-cert-file", files.ca],
    ["tls-auth-clients", "no"],
    // The hyphen allows Redis to start before the machine has the address.
    ["bind", `-${address}`],
    ["tls-port", String(port)],
  ];
}

/** Return the rules of Redis's default user, which the programs on this machine use. Without a password, every machine could use it. Pure. */
export function localRules(passwordHash: string): string[] {
  return ["reset", "on", `#${passwordHash}`, "~*", "&*", "+@all"];
}

/** Return the text of the `redis.conf` that Redis reads when it starts. Pure. */
export function shareConf(share: Share, { files, passwordHash }: { files: Files; passwordHash: string }): string {
  return [
    "# Made by tac8 share, which replaces it.",
    ...tlsSettings(share, files).map(([name, value]) => `${name} ${name.endsWith("-file") ? quoted(value) : value}`),
    ["user", "default", ...localRules(passwordHash)].join(" "),
    ...share.machines.map(({ name, hash }) => ["user", name, ...machineRules(hash)].join(" ")),
    "",
  ].join("\n");
}

export function machineRules(hash: string): string[] {
  return ["reset", `#${hash}`, ...runnerRules()];
}

/** Return a word in the quotes of redis.conf. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
