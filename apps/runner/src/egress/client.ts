import { readFileSync } from "node:fs";
import { isIPv4, type Socket } from "node:net";
import { endianness } from "node:os";

/** Endpoints of a loopback connection, as its server sees them. */
export type Ends = Pick<Socket, "localAddress" | "localPort" | "remoteAddress" | "remotePort">;

/** Clients with dual-stack sockets, such as Java, are in the second table. */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/**
 * Return whether the client of an IPv4 connection on this machine has this user id. A closed connection has no owner.
 * If the kernel does not show these tables, return true.
 */
export function isClientOf(uid: number, socket: Ends): boolean {
  let isShown = false;
  for (const path of TABLES) {
    const table = readTable(path);
    if (table === null) continue;
    isShown = true;
    const client = clientIn(table, socket);
    if (client !== null) return client === uid;
  }
  return !isShown;
}

function readTable(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/**
 * Return the user id of a connection's client from the text of `/proc/net/tcp` or `/proc/net/tcp6`; null if it is
 * missing. Pure.
 */
export function clientIn(
  table: string,
  { localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 }: Ends,
): number | null {
  const [client, server] = [endIn(remoteAddress, remotePort), endIn(localAddress, localPort)];
  for (const line of table.split("\n")) {
    const [, local = "", remote = "", , , , , uid] = line.trim().split(/\s+/);
    if (local.slice(-client.length) === client && remote.slice(-server.length) === server) return Number(uid);
  }
  return null;
}

/**
 * Format an endpoint like the kernel: the address as a number in native byte order. An IPv6 address ends with the IPv4
 * address.
 */
function endIn(address: string, port: number): string {
  if (!isIPv4(address)) return "none";
  const bytes = Buffer.from(address.split(".").map(Number));
  const number = endianness() === "LE" ? bytes.readUInt32LE() : bytes.readUInt32BE();
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");
  return `${hex(number, 8)}:${hex(port, 4)}`;
}
