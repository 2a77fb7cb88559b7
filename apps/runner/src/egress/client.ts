import { readFileSync } from "node:fs";
import { isIPv4, type Socket } from "node:net";
import { endianness } from "node:os";

/** The ends of a connection on loopback, as its server sees them. */
export type Ends = Pick<Socket, "localAddress" | "localPort" | "remoteAddress" | "remotePort">;

/** Clients with dual-stack sockets, such as Java's, are in the second one. */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/**
 * Whether the client of a connection over IPv4 on this machine is of this user id. A closed connection has no owner.
 * Where the kernel shows no such tables every client is.
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

/** Return the user id of a connection's client in the text of `/proc/net/tcp` or `/proc/net/tcp6`. Null: it is not there. Pure. */
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

/** The kernel writes an address as the number that it has in memory; an address of IPv6 ends in that of IPv4. */
function endIn(address: string, port: number): string {
  if (!isIPv4(address)) return "none";
  const bytes = Buffer.from(address.split(".").map(Number));
  const number = endianness() === "LE" ? bytes.readUInt32LE() : bytes.readUInt32BE();
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, "0");
  return `${hex(number, 8)}:${hex(port, 4)}`;
}
