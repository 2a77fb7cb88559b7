import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { createServer, connect, type Server, type Socket } from "node:net";
import { once } from "node:events";

/** A separate machine for the network: a network namespace with one address. */
export interface Host {
  /** Program and arguments that start a program on the host. */
  readonly by: readonly string[];
  /** Drop every packet of the host, or connect it again. */
  connected(is: boolean): void;
  /** Send a signal to every process of the host. */
  signal(signal: NodeJS.Signals): void;
  /** Process ids of the host. */
  pids(): number[];
}

/** Hosts on a separate network. */
export interface Network {
  /** Address of this machine, as the hosts reach it. */
  readonly address: string;
  readonly hosts: readonly Host[];
  /** Forward connections from a port of this machine's address to a port of its loopback. @returns the port */
  forward(port: number): Promise<number>;
  close(): Promise<void>;
}

/** Return why this machine cannot create network namespaces; null: it can. */
export function hostsUnavailableReason(): string | null {
  if (process.getuid?.() !== 0) return "it needs root";
  const name = nameOf("try");
  try {
    ip("netns", "add", name);
    ip("netns", "del", name);
    execFileSync("nsenter", ["--version"], { stdio: "ignore" });
    return null;
  } catch (error) {
    return `it needs network namespaces, iproute2 and nsenter (${String(error).split("\n", 1)[0]})`;
  }
}

export async function createNetwork(count: number): Promise<Network> {
  // A subnet of 10.200.0.0/13 that another test hardly uses at the same time.
  const subnet = `10.${200 + randomInt(8)}.${randomInt(256)}`;
  const address = `${subnet}.1`;
  const bridge = nameOf("br");
  ip("link", "add", bridge, "type", "bridge");
  ip("addr", "add", `${address}/24`, "dev", bridge);
  ip("link", "set", bridge, "up");
  const hosts: (Host & { remove(): void })[] = [];
  for (let index = 0; index < count; index += 1) {
    hosts.push(makeHost({ bridge, address: `${subnet}.${index + 2}`, index }));
  }
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  return {
    address,
    hosts,
    async forward(port) {
      const server = createServer((socket) => {
        const onward = connect(port, "127.0.0.1");
        for (const each of [socket, onward]) {
          sockets.add(each);
          each.on("error", () => each.destroy()).on("close", () => sockets.delete(each));
        }
        socket.pipe(onward).pipe(socket);
      });
      servers.push(server);
      server.listen(0, address);
      await once(server, "listening");
      const listening = server.address();
      return typeof listening === "object" && listening !== null ? listening.port : 0;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
      for (const host of hosts) host.remove();
      ip("link", "del", bridge);
    },
  };
}

function makeHost({ bridge, address, index }: { bridge: string; address: string; index: number }) {
  const name = nameOf(`h${index}`);
  const link = nameOf(`v${index}`);
  ip("netns", "add", name);
  ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name);
  ip("link", "set", link, "master", bridge, "up");
  ip("-n", name, "addr", "add", `${address}/24`, "dev", "eth0");
  ip("-n", name, "link", "set", "eth0", "up");
  ip("-n", name, "link", "set", "lo", "up");
  const path = `/run/netns/${name}`;
  const inode = statSync(path).ino;
  const pids = () =>
    readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry) && inodeOf(`/proc/${entry}/ns/net`) === inode)
      .map(Number);
  return {
    by: ["nsenter", `--net=${path}`],
    connected: (is: boolean) => ip("link", "set", link, is ? "up" : "down"),
    signal(signal: NodeJS.Signals) {
      for (const pid of pids()) sendTo(pid, signal);
    },
    pids,
    remove: () => ip("netns", "del", name),
  };
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended.
  }
}

function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null; // It ended.
  }
}

/** Return an interface name, which has 15 bytes at most. */
function nameOf(part: string): string {
  return `t8${(process.pid % 0xfffff).toString(36)}${part}`.slice(0, 15);
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
