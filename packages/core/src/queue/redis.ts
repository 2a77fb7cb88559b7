import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { caOf, passwordOf, socketOf } from "../config/redisUrl.ts";

const RETRY_CAP_MS = 2000;

export interface RedisOptions {
  /** For `CLIENT LIST`: which app this is. */
  readonly name: string;
  /** `false` for a caller that waits (a worker); `true` for one that wants an error at once (the command line). */
  readonly failFast?: boolean;
  /** Told of each connection error; the client goes on trying. */
  readonly onError: (error: Error) => void;
}

/** A client that reconnects for ever, at least every 2 s. The caller closes it. */
export function connectRedis(url: string, { name, failFast = false, onError }: RedisOptions): Redis {
  const options = {
    connectionName: `tac8:${name}`,
    maxRetriesPerRequest: failFast ? 1 : null,
    retryStrategy: (times: number) => (failFast && times > 2 ? null : Math.min(times * 100, RETRY_CAP_MS)),
    connectTimeout: 5000,
    keepAlive: 10_000,
  };
  const ca = caOf(url);
  const tls = ca === null ? {} : { tls: { ca: readCa(ca) } };
  const socket = socketOf(url);
  const password = passwordOf(url);
  const withSocket = { ...options, ...socket, ...(password ? { password } : {}) };
  const redis = socket === null ? new Redis(url, { ...options, ...tls }) : new Redis(withSocket);
  redis.on("error", onError);
  return redis;
}

/** The configuration has read it; if it is missing now, the connection's error names it as an unknown CA. */
function readCa(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
