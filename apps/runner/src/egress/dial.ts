import { lookup as systemLookup } from "node:dns/promises";
import { isIP, connect, type Socket } from "node:net";
import { valueWithin } from "@tac8/core/app/within";
import { proxyFor } from "@tac8/core/config/proxy";
import { whyForbidden } from "./addresses.ts";
import type { Policy, Target } from "./policy.ts";

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface DialDeps {
  /** Resolve all addresses of a name. */
  readonly lookup: (host: string) => Promise<readonly Address[]>;
  /** Return the addresses of this machine. */
  readonly ownAddresses: () => readonly string[];
  /** Further root certificates, as PEM. The runner itself uses those of Node, with NODE_EXTRA_CA_CERTS. */
  readonly ca?: string | undefined;
}

/** A host resolves to an address that agents may not connect to. */
export class ForbiddenAddress extends Error {
  override readonly name = "ForbiddenAddress";
}

export interface Dialer {
  /**
   * Connect for an agent. Addresses are resolved once, each one is checked, and only checked ones are used, so a name
   * server that answers differently the second time changes nothing. If this machine has a proxy, the proxy resolves
   * the names.
   * @throws ForbiddenAddress, or Error if the host cannot be reached
   */
  dial(target: Target): Promise<Socket>;
  /** Send one http request like `dial`: a proxy gets the whole URL, and these headers. */
  dialHttp(
    target: Target,
  ): Promise<{ readonly socket: Socket; readonly proxy: Readonly<Record<string, string>> | null }>;
  /** Connect to an address from the configuration, which may be any address. */
  dialTrusted(target: Target, secure: boolean): Promise<Socket>;
  /** Add TLS to a connection, and check the certificate for the host. */
  secured(socket: Socket, target: Target): Promise<Socket>;
}

/** Loaded at the first connection: it takes 10 ms, and an agent starts after its proxy. */
const tls = () => process.getBuiltinModule("node:tls");

const CONNECT_MS = 15_000;
const LOOKUP_MS = 10_000;
const MAX_HEAD = 16 * 1024;
const REMEMBER_MS = 30_000;
const MAX_REMEMBERED = 200;

/**
 * Return `lookup` with a deadline and at most `atOnce` calls at a time, so that slow name servers do not block the
 * threads that the process needs for its files.
 */
export function boundedLookup(
  lookup: DialDeps["lookup"],
  { now = Date.now, atOnce = 1 }: { readonly now?: () => number; readonly atOnce?: number } = {},
): DialDeps["lookup"] {
  const known = new Map<string, { readonly at: number; readonly found: Promise<readonly Address[]> }>();
  const lanes = Array.from({ length: atOnce }, () => ({ waiting: 0, last: Promise.resolve() }));
  return (host) => {
    const before = known.get(host);
    if (before !== undefined && now() - before.at < REMEMBER_MS) return before.found;
    const lane = lanes.reduce((best, other) => (other.waiting < best.waiting ? other : best));
    const answer = lane.last.then(() => lookup(host));
    lane.waiting += 1;
    const leave = (): void => void (lane.waiting -= 1);
    lane.last = answer.then(leave, leave);
    const found = inTime(answer, LOOKUP_MS, `the name ${host} was not resolved in time`);
    if (known.size >= MAX_REMEMBERED) known.delete(known.keys().next().value ?? "");
    known.set(host, { at: now(), found });
    found.catch(() => known.delete(host));
    return found;
  };
}

export function lookupAll(host: string): Promise<readonly Address[]> {
  return systemLookup(host, { all: true, verbatim: true });
}

interface DialerOptions extends DialDeps {
  readonly policy: Pick<Policy, "isListed">;
  /** The environment with the proxy of this machine. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
}

export function createDialer({ policy, proxyEnv, lookup, ownAddresses, ca }: DialerOptions): Dialer {
  const extra = ca === undefined ? {} : { ca: [...tls().rootCertificates, ca] };
  async function checked(target: Target): Promise<readonly Address[]> {
    const { host, isAddress } = target;
    const found = isAddress ? [{ address: host, family: isIP(host) }] : await lookup(host);
    if (found.length === 0) throw new Error(`the name ${host} has no address`);
    const own = ownAddresses();
    for (const { address } of found) {
      const why = policy.isListed(address, target) ? null : whyForbidden(address, own);
      if (why === null) continue;
      throw new ForbiddenAddress(isAddress ? `${address} is ${why}` : `${host} resolves to ${address}, ${why}`);
    }
    return found;
  }
  const proxyOf = ({ host, port }: Target, secure: boolean): string | null => {
    const name = host.includes(":") ? `[${host}]` : host;
    return proxyFor(`${secure ? "https" : "http"}://${name}:${port}/`, proxyEnv)?.url ?? null;
  };
  /**
   * Check a target for a proxy. If this machine cannot resolve the name, the proxy does; the addresses that it resolves
   * are checked.
   */
  async function checkedForProxy(target: Target): Promise<void> {
    await checked(target).catch((error: unknown) => {
      if (target.isAddress || error instanceof ForbiddenAddress) throw error;
    });
  }
  return {
    async dial(target) {
      const proxy = proxyOf(target, true);
      if (proxy === null) return dialAddresses(target, await checked(target));
      await checkedForProxy(target);
      return dialThrough(proxy, target);
    },
    async dialHttp(target) {
      const proxy = proxyOf(target, false);
      if (proxy === null) return { socket: await dialAddresses(target, await checked(target)), proxy };
      await checkedForProxy(target);
      const login = loginOf(new URL(proxy));
      return { socket: await dialProxy(proxy), proxy: login === null ? {} : { "proxy-authorization": login } };
    },
    async dialTrusted(target, secure) {
      const proxy = proxyOf(target, secure);
      if (proxy !== null) return dialThrough(proxy, target);
      const found = target.isAddress
        ? [{ address: target.host, family: isIP(target.host) }]
        : await lookup(target.host);
      return dialAddresses(target, found);
    },
    secured(socket, { host, isAddress }) {
      const servername = isAddress ? {} : { servername: host };
      const secure = tls().connect({ socket, host, ALPNProtocols: ["http/1.1"], ...servername, ...extra });
      return connected(secure, "secureConnect", host);
    },
  };
}

function dialAddresses({ host, port }: Target, addresses: readonly Address[]): Promise<Socket> {
  const all = addresses.map(({ address, family }) => ({ address, family }));
  const [first] = all;
  const socket = connect({
    host,
    port,
    autoSelectFamily: true,
    allowHalfOpen: true,
    lookup: (_host, options, done) => {
      if (options.all === true) done(null, all);
      else done(null, first?.address ?? "", first?.family);
    },
  });
  return connected(socket, "connect", `${host}:${port}`);
}

async function dialProxy(proxyUrl: string): Promise<Socket> {
  const { protocol, hostname, port } = new URL(proxyUrl);
  const secure = protocol === "https:";
  if (!secure && protocol !== "http:") {
    throw new Error(`the proxy of this machine has the unsupported protocol ${protocol}//: agents need an HTTP proxy`);
  }
  const host = hostname.replace(/^\[|\]$/g, "");
  const at = { host, port: Number(port || (secure ? 443 : 80)) };
  if (!secure) return connected(connect({ ...at, allowHalfOpen: true }), "connect", host);
  return connected(tls().connect({ ...at, servername: isIP(host) === 0 ? host : "" }), "secureConnect", host);
}

/** Return the user and password of a proxy's URL. */
function loginOf({ username, password }: URL): string | null {
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return username === "" ? null : `Basic ${Buffer.from(user).toString("base64")}`;
}

async function dialThrough(proxyUrl: string, { host, port }: Target): Promise<Socket> {
  const socket = await dialProxy(proxyUrl);
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const login = loginOf(new URL(proxyUrl));
  const line = login === null ? "" : `Proxy-Authorization: ${login}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${line}\r\n`);
  try {
    await inTime(proxyAnswer(socket), CONNECT_MS, "the proxy of this machine did not answer in time");
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function proxyAnswer(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const done = (error: Error | null): void => {
      socket.off("data", read).off("error", failed).off("close", closed);
      socket.pause();
      if (error === null) resolve();
      else reject(error);
    };
    const failed = (error: Error): void => done(error);
    const closed = (): void => done(new Error("the proxy of this machine closed the connection"));
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return head.length > MAX_HEAD ? done(new Error("the proxy's answer is too long")) : undefined;
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString("latin1", 0, 20))?.[1] ?? 0);
      const rest = head.subarray(end + 4);
      done(status === 200 ? null : new Error(`the proxy of this machine answered ${status}`));
      if (status === 200 && rest.length > 0) socket.unshift(rest);
    };
    socket.on("data", read).on("error", failed).on("close", closed);
  });
}

async function connected<T extends Socket>(socket: T, event: "connect" | "secureConnect", name: string): Promise<T> {
  const ready = new Promise<T>((resolve, reject) => {
    socket.once(event, () => resolve(socket));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`the connection to ${name} was closed`)));
  });
  try {
    return await inTime(ready, CONNECT_MS, `${name} did not answer in time`);
  } catch (error) {
    socket.on("error", () => undefined).destroy();
    throw error;
  }
}

function inTime<T>(work: Promise<T>, ms: number, message: string): Promise<T> {
  return valueWithin(work, ms, () => {
    throw new Error(message);
  });
}
