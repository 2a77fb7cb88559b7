import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isOrigin } from "../config/origin.ts";

const FILE = "board-address.json";

/** Addresses of the board that was started last on a data folder. */
const schema = z.object({
  /** As this machine reaches it. */
  listens: z.string().refine(isOrigin),
  /** As people open it: `board.url`, else `listens`. */
  url: z.string().refine(isOrigin),
  /** It listens on every address of the machine. */
  everywhere: z.boolean(),
  /** As other devices reach a board that listens everywhere: the best first. Absent: noted by an older version. */
  addresses: z.array(z.string().refine(isOrigin)).optional(),
});

export type BoardAddress = z.infer<typeof schema>;

/**
 * Notes it for `tac8 open`: the port may be any free one, or come from the board's environment alone. In the data folder
 * and not in Redis, which agents may reach: a link must lead nowhere else.
 */
export function writeBoardAddress(home: string, address: BoardAddress): void {
  writeFileSync(join(home, FILE), `${JSON.stringify(address)}\n`, { mode: 0o600 });
}

/** Null: no board was started on this data folder. */
export function readBoardAddress(home: string): BoardAddress | null {
  try {
    return schema.safeParse(JSON.parse(readFileSync(join(home, FILE), "utf8"))).data ?? null;
  } catch {
    return null; // None, or one that was cut off.
  }
}

/** Of containers and virtual machines on this machine: no other device reaches them. */
const INNER = /^(docker|br-|veth|virbr|vnet|cni|lxc|lxd|podman)/;
const MAX_ADDRESSES = 8;

/**
 * Pure: the addresses at which other devices reach a server of this machine that listens everywhere, IPv4 first.
 * @param interfaces as `os.networkInterfaces()` gives them
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
 * Pure: the address to open for whoever sits at this terminal. Over SSH, `127.0.0.1` would be the reader's own machine:
 * a board that listens everywhere is also at the address that SSH was called at.
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
  // Without an address SSH listens on 127.0.0.1 and ::1.
  const bind = hostname.startsWith("127.") && hostname !== "127.0.0.1" ? `${hostname}:` : "";
  return { url, hint: `First, on your own machine: ssh -L ${bind}${port}:${hostname}:${port} ${server}` };
}
