import type { Share, shareFiles } from "./files.ts";
import { runnerRules } from "./rules.ts";

type Files = Pick<ReturnType<typeof shareFiles>, "ca" | "cert" | "key">;

/** Settings of Redis, in the order in which they may be set while it runs, all in one step. Pure. */
export function tlsSettings({ address, port }: Pick<Share, "address" | "port">, files: Files): [string, string][] {
  return [
    ["tls-cert-file", files.cert],
    ["tls-key-file", files.key],
    ["tls-ca-cert-file", files.ca],
    ["tls-auth-clients", "no"],
    // With the hyphen Redis starts before the network has the address.
    ["bind", `-${address}`],
    ["tls-port", String(port)],
  ];
}

/** Rules of Redis' default user, which the programs of this machine are. Without a password it would be everyone's. Pure. */
export function localRules(passwordHash: string): string[] {
  return ["reset", "on", `#${passwordHash}`, "~*", "&*", "+@all"];
}

/** Return the text of `redis.conf`, for Redis' start. Pure. */
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

/** As redis.conf reads a word. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
