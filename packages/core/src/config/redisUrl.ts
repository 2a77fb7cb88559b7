import { fileURLToPath, pathToFileURL } from "node:url";

/** Maximum length of a socket's path on Linux, in bytes: `sun_path` of unix(7), without its last byte. */
export const MAX_SOCKET_PATH = 107;

/** Socket of the service tac8-redis: deploy/systemd/tac8-redis.service. */
export const SERVICE_SOCKET = "/run/tac8-redis/redis.sock";

/** Query parameter for the password, as in other Redis clients: `unix:///run/redis.sock?db=1&password=…`. */
const PASSWORD = "password";

/** Query parameter for the path of the CA certificate of a `rediss://` server. Only tac8 uses it. */
const CA = "ca";

/** Query parameter for the password of the Sentinels. Only tac8 uses it. */
const SENTINEL_PASSWORD = "sentinel_password";

const SENTINEL_PORT = 26_379;
const MAX_SENTINELS = 16;

/** Scheme, user, hosts, and the rest of the address of a Redis behind Sentinels. */
const SENTINEL_URL = /^(rediss?\+sentinel:\/\/)([^/?#@]*@)?([^/?#@]+)([/?][^#]*)?$/i;
/** Placeholder for all Sentinels, because a URL has only one host. */
const ALL_HOSTS = "sentinels";

/** Query parameter for the file with the password of a Redis on a socket, which `tac8 share` creates while clients run. Only tac8 uses it. */
const PASSWORD_FILE = "password_file";

/** A Redis on a Unix socket. */
export interface RedisSocket {
  /** Absolute. */
  readonly path: string;
  readonly db: number;
}

/** A host and its port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A Redis that Redis Sentinel manages: `redis+sentinel://USER@HOST:PORT,HOST:PORT/NAME/N`. */
export interface SentinelGroup {
  readonly sentinels: readonly Endpoint[];
  /** Name of the master in Sentinel's configuration. */
  readonly name: string;
  readonly db: number;
  /** User of Redis; null: the default user. */
  readonly user: string | null;
  /** Password of Redis; null: none. */
  readonly password: string | null;
  readonly sentinelPassword: string | null;
}

/** Return the URL of a socket in the form of `REDIS_URL`: `unix:///run/redis.sock`. */
export function socketUrl(path: string): string {
  return pathToFileURL(path).href.replace(/^file:/, "unix:");
}

/** Return the socket of a `unix:` URL; null: the URL has another scheme or is invalid. Pure. */
export function socketOf(url: string): RedisSocket | null {
  if (!/^unix:\/\/\//i.test(url) || !URL.canParse(url)) return null;
  const { searchParams, hash } = new URL(url);
  const known = ["db", PASSWORD, PASSWORD_FILE];
  if (hash !== "" || [...searchParams.keys()].some((name) => !known.includes(name))) return null;
  const db = searchParams.get("db") ?? "0";
  if (!/^\d{1,5}$/.test(db)) return null;
  const path = pathOf(url.replace(/\?.*$/s, ""));
  if (path === null || path.endsWith("/") || Buffer.byteLength(path) > MAX_SOCKET_PATH) return null;
  return { path, db: Number(db) };
}

/** Return whether the URL has the scheme for Sentinels, even if it is invalid. Pure. */
export function isSentinelUrl(url: string): boolean {
  return /^rediss?\+sentinel:/i.test(url);
}

/** Parse the URL of a Redis behind Sentinels; null: the URL has another scheme or is invalid. Pure. */
export function sentinelsOf(url: string): SentinelGroup | null {
  const [, , , hosts = ""] = SENTINEL_URL.exec(url) ?? [];
  const sentinels = hosts.split(",").map((host) => endpointOf(host));
  const full = parse(url);
  const password = passwordOf(url);
  if (full === null || password === undefined || sentinels.length > MAX_SENTINELS) return null;
  if ([...full.searchParams.keys()].some((name) => name !== CA && name !== SENTINEL_PASSWORD)) return null;
  const [, name, db = "0"] = /^\/([\w.-]{1,128})(?:\/(\d{1,5}))?\/?$/.exec(full.pathname) ?? [];
  if (name === undefined || !sentinels.every((sentinel) => sentinel !== null)) return null;
  return {
    sentinels,
    name,
    db: Number(db),
    user: full.username === "" ? null : decodeURIComponent(full.username),
    password,
    sentinelPassword: full.searchParams.get(SENTINEL_PASSWORD),
  };
}

/** Return the addresses to which a client of this Redis connects first; none: it uses a socket. Pure. */
export function endpointsOf(url: string): readonly Endpoint[] {
  const group = sentinelsOf(url);
  if (group !== null) return group.sentinels;
  if (socketOf(url) !== null || !URL.canParse(url)) return [];
  const { hostname, port } = new URL(url);
  return hostname === "" ? [] : [{ host: hostname, port: Number(port || 6379) }];
}

/**
 * Return whether Redis clients can connect to the address: `redis://`, `rediss://`, the same with Sentinels, or `unix:///`.
 * Pure.
 */
export function isRedisUrl(url: string): boolean {
  if (/\s/.test(url)) return false;
  // Users must not set the query parameters that tac8 uses internally.
  if (isSentinelUrl(url)) return !url.includes("?") && sentinelsOf(url) !== null;
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol === "unix:") return socketOf(url) !== null;
  return ["redis:", "rediss:"].includes(protocol) && hostname !== "" && passwordOf(url) !== undefined;
}

/** Return the decoded password of the address; null: it has none; undefined: it cannot be decoded. Pure. */
export function passwordOf(url: string): string | null | undefined {
  try {
    if (socketOf(url) !== null) return new URL(url).searchParams.get(PASSWORD) || null;
    return decodeURIComponent(parse(url)?.password ?? "%") || null;
  } catch {
    return undefined;
  }
}

/** Return the address with the password, if it has none. Pure. */
export function withPassword(url: string, password: string | null): string {
  if (password === null || passwordOf(url) !== null) return url;
  return changed(url, (full) => {
    if (socketOf(url) !== null) full.searchParams.set(PASSWORD, password);
    else full.password = encodeURIComponent(password);
  });
}

/** Return the address with the password of its Sentinels. Pure. */
export function withSentinelPassword(url: string, password: string | null): string {
  if (password === null || !isSentinelUrl(url)) return url;
  return changed(url, (full) => full.searchParams.set(SENTINEL_PASSWORD, password));
}

/** Return the address, which has TLS, with the path of the CA's certificate. Pure. */
export function withCa(url: string, path: string): string {
  return changed(url, (full) => full.searchParams.set(CA, path));
}

/** Return the path that `withCa` put into the address; null: none. Pure. */
export function caOf(url: string): string | null {
  return isTls(url) ? (parse(url)?.searchParams.get(CA) ?? null) : null;
}

/** Return the socket's address with the path of a file in which a password may be at the time of a connection. Pure. */
export function withPasswordFile(url: string, path: string): string {
  if (socketOf(url) === null || passwordOf(url) !== null) return url;
  const full = new URL(url);
  full.searchParams.set(PASSWORD_FILE, path);
  return full.href;
}

/** Return the path that `withPasswordFile` put into the address; null: none. Pure. */
export function passwordFileOf(url: string): string | null {
  return socketOf(url) === null ? null : new URL(url).searchParams.get(PASSWORD_FILE);
}

/** Return whether the address is one of a Redis with TLS. Pure. */
export function isTls(url: string): boolean {
  return /^rediss(?:\+sentinel)?:/i.test(url) && parse(url) !== null;
}

/** Return the address without user and password of Redis. Pure. */
export function withoutPassword(url: string): string {
  return changed(url, (bare) => {
    bare.username = "";
    bare.password = "";
    if (socketOf(url) !== null) for (const name of [PASSWORD, PASSWORD_FILE]) bare.searchParams.delete(name);
  });
}

/**
 * Return the address of a Redis for display, without a password: `127.0.0.1:6379`, the path of its socket, or the name of a master with its
 * Sentinels. Pure.
 */
export function redisAddress(url: string): string {
  const group = sentinelsOf(url);
  if (group !== null) {
    return `${group.name} (Sentinels ${group.sentinels.map(({ host, port }) => `${host}:${port}`).join(", ")})`;
  }
  if (!URL.canParse(url)) return "the address in REDIS_URL";
  const socket = socketOf(url);
  if (socket !== null) return socket.path;
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || "6379"}`;
}

/** Parse a URL; null: it is invalid. The host of several Sentinels is `ALL_HOSTS`. */
function parse(url: string): URL | null {
  const one = url.replace(SENTINEL_URL, (_, scheme: string, user = "", _hosts, rest = "") =>
    [scheme, user, ALL_HOSTS, rest].join(""),
  );
  return URL.canParse(one) ? new URL(one) : null;
}

/** Return the URL after a change. @throws TypeError when the URL is invalid */
function changed(url: string, change: (full: URL) => void): string {
  const [, , , hosts] = SENTINEL_URL.exec(url) ?? [];
  const full = parse(url) ?? new URL(url);
  change(full);
  if (hosts === undefined) return full.href;
  return full.href.replace(SENTINEL_URL, (_, scheme: string, user = "", _hosts, rest = "") =>
    [scheme, user, hosts, rest].join(""),
  );
}

/** Parse the address of a Sentinel, `HOST` or `HOST:PORT`; null: it is invalid. */
function endpointOf(text: string): Endpoint | null {
  if (!/^(?:\[[\da-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.test(text) || !URL.canParse(`redis://${text}`)) return null;
  const { hostname, port } = new URL(`redis://${text}`);
  return hostname === "" ? null : { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || SENTINEL_PORT) };
}

/** Return the decoded path; null: it cannot be decoded, or is not an absolute path. */
function pathOf(url: string): string | null {
  try {
    return fileURLToPath(url.replace(/^unix:/i, "file:"));
  } catch {
    return null;
  }
}
