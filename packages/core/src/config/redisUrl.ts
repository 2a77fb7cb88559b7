import { fileURLToPath, pathToFileURL } from "node:url";

/** A socket's path has at most this many bytes on Linux: `sun_path` of unix(7), without its last byte. */
export const MAX_SOCKET_PATH = 107;

/** As clients of other languages have it too: `unix:///run/redis.sock?db=1&password=…`. */
const PASSWORD = "password";

/** File with the certificate of the CA that signed a `rediss://` server's: tac8's own, other clients do not know it. */
const CA = "ca";

/** A Redis on a Unix socket. */
export interface RedisSocket {
  /** Absolute. */
  readonly path: string;
  readonly db: number;
}

/** Return the address of a socket's path, as `REDIS_URL` has it: `unix:///run/redis.sock`. */
export function socketUrl(path: string): string {
  return pathToFileURL(path).href.replace(/^file:/, "unix:");
}

/** Return the socket of a `unix:` address; null: the address is not one, or is wrong. Pure. */
export function socketOf(url: string): RedisSocket | null {
  if (!/^unix:\/\/\//i.test(url) || !URL.canParse(url)) return null;
  const { searchParams, hash } = new URL(url);
  if (hash !== "" || [...searchParams.keys()].some((name) => name !== "db" && name !== PASSWORD)) return null;
  const db = searchParams.get("db") ?? "0";
  if (!/^\d{1,5}$/.test(db)) return null;
  const path = pathOf(url.replace(/\?.*$/s, ""));
  if (path === null || path.endsWith("/") || Buffer.byteLength(path) > MAX_SOCKET_PATH) return null;
  return { path, db: Number(db) };
}

/** Return whether Redis clients can connect to the address: `redis://`, `rediss://` or `unix:///`. Pure. */
export function isRedisUrl(url: string): boolean {
  if (/\s/.test(url) || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol === "unix:") return socketOf(url) !== null;
  return ["redis:", "rediss:"].includes(protocol) && hostname !== "" && passwordOf(url) !== undefined;
}

/** Return the decoded password of the address; null: it has none; undefined: it cannot be decoded. Pure. */
export function passwordOf(url: string): string | null | undefined {
  try {
    if (socketOf(url) !== null) return new URL(url).searchParams.get(PASSWORD) || null;
    return decodeURIComponent(new URL(url).password) || null;
  } catch {
    return undefined;
  }
}

/** Return the address with the password, if it has none. Pure. */
export function withPassword(url: string, password: string | null): string {
  if (password === null || passwordOf(url) !== null) return url;
  const full = new URL(url);
  if (socketOf(url) !== null) full.searchParams.set(PASSWORD, password);
  else full.password = encodeURIComponent(password);
  return full.href;
}

/** Return the `rediss:` address with the path of the CA's certificate. Pure. */
export function withCa(url: string, path: string): string {
  const full = new URL(url);
  full.searchParams.set(CA, path);
  return full.href;
}

/** Return the path that `withCa` put into the address; null: none. Pure. */
export function caOf(url: string): string | null {
  return isTls(url) ? new URL(url).searchParams.get(CA) : null;
}

/** Return whether the address is one of a Redis with TLS. Pure. */
export function isTls(url: string): boolean {
  return /^rediss:/i.test(url) && URL.canParse(url);
}

/** Return the address without user and password. Pure. */
export function withoutPassword(url: string): string {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  if (socketOf(url) !== null) bare.searchParams.delete(PASSWORD);
  return bare.href;
}

/** Return where a Redis is, for people: `127.0.0.1:6379`, or the path of its socket. It has no password in it. Pure. */
export function redisAddress(url: string): string {
  if (!URL.canParse(url)) return "the address in REDIS_URL";
  const socket = socketOf(url);
  if (socket !== null) return socket.path;
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || "6379"}`;
}

/** Null: it cannot be decoded, or is no path. */
function pathOf(url: string): string | null {
  try {
    return fileURLToPath(url.replace(/^unix:/i, "file:"));
  } catch {
    return null;
  }
}
