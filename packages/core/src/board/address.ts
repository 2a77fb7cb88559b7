import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isOrigin } from "../config/origin.ts";

const FILE = "board-address.json";

/** Addresses of the board that was started last with this data folder. */
const schema = z.object({
  /** The address for programs on this machine. */
  listens: z.string().refine(isOrigin),
  /** The address for users: `board.url`, else `listens`. */
  url: z.string().refine(isOrigin),
  /** Whether it listens on every address of the machine, and `board.url` is not set. */
  everywhere: z.boolean(),
  /** If `everywhere`, the addresses for other devices, the best first. Absent: written by an older version. */
  addresses: z.array(z.string().refine(isOrigin)).optional(),
});

export type BoardAddress = z.infer<typeof schema>;

/**
 * Store the address for `tac8 open`, which cannot know the port: it may be any free one, or be set only in the board's environment.
 * The address is in the data folder and not in Redis, because agents may reach Redis and a link must not lead to another server.
 */
export function writeBoardAddress(dataFolder: string, address: BoardAddress): void {
  writeFileSync(join(dataFolder, FILE), `${JSON.stringify(address)}\n`, { mode: 0o600 });
}

/** Return the stored address; null: no board was started with this data folder. */
export function readBoardAddress(dataFolder: string): BoardAddress | null {
  try {
    return schema.safeParse(JSON.parse(readFileSync(join(dataFolder, FILE), "utf8"))).data ?? null;
  } catch {
    return null; // Missing or incomplete.
  }
}

/** Interfaces of containers and virtual machines on this machine, which no other device can reach. */
const INNER = /^(docker|br-|veth|virbr|vnet|cni|lxc|lxd|podman)/;
const MAX_ADDRESSES = 8;

/**
 * Return the addresses at which other devices reach a server that listens on every address of this machine, IPv4 first. Pure.
 * @param interfaces the result of `os.networkInterfaces()`
 */
export function outerAddresses(
  interfaces: Readonly<Record<string, readonly { address: string; family: string; internal: boolean }[] | undefined>>,
  { port, ipv6 }: { readonly port: number; readonly ipv6: boolean },
): string[] {
  const all = Object.entries(interfaces)
    .filter(([name]) => !INNER.test(name))
    .flatMap(([, found = []]) => found)
    .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address));
  const four = all.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  const six = ipv6 ? all.filter(({ family }) => family === "IPv6").map(({ address }) => `[${address}]`) : [];
  return [...four, ...six].slice(0, MAX_ADDRESSES).map((address) => `http://${address}:${port}`);
}

/**
 * Return the address that the user of this terminal can open. Pure. Over SSH, `127.0.0.1` would be the user's own machine; a board that
 * listens on every address can also be reached at the address of the SSH server.
 */
export function addressFor(
  { listens, url, everywhere, addresses = [] }: BoardAddress,
  env: Readonly<Record<string, string | undefined>>,
): { readonly url: string; readonly hint: string | null } {
  const [, , server = ""] = (env["SSH_CONNECTION"] ?? "").split(" ");
  if (url !== listens) return { url, hint: null };
  if (server === "") return { url: addresses[0] ?? url, hint: null };
  const { port, hostname } = new URL(listens);
  if (everywhere) {
    const there = `http://${server.includes(":") ? `[${server}]` : server}:${port}`;
    return URL.canParse(there) ? { url: there, hint: null } : { url, hint: null };
  }
  if (!/^(127\.|\[::1\]|localhost$)/.test(hostname)) return { url, hint: null };
  // `ssh -L` without an address listens on 127.0.0.1 and ::1.
  const bind = hostname.startsWith("127.") && hostname !== "127.0.0.1" ? `${hostname}:` : "";
  return { url, hint: `First, on your own machine: ssh -L ${bind}${port}:${hostname}:${port} ${server}` };
}
