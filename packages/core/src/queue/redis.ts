import { readFileSync } from "node:fs";
import {
  caOf,
  isTls,
  passwordFileOf,
  passwordOf,
  type SentinelGroup,
  sentinelsOf,
  socketOf,
} from "../config/redisUrl.ts";
import { addSecret } from "../log/redact.ts";
import { Redis, type RedisOptions as SettingsOfRedis, SentinelConnector } from "ioredis";

const RETRY_CAP_MS = 2000;
const CONNECT_MS = 5000;

interface Options {
  password?: string | undefined;
}

export interface RedisOptions {
  /** Name of the app, for `CLIENT LIST`. */
  readonly name: string;
  /** `false` for a caller that waits (a worker); `true` for one that needs an error immediately (the command line). */
  readonly failFast?: boolean;
  /** Called for each connection error; the client keeps reconnecting. */
  readonly onError: (error: Error) => void;
}

/** Create a client that reconnects without a limit, at least every 2 s. The caller closes it. */
export function connectRedis(url: string, { name, failFast = false, onError }: RedisOptions): Redis {
  const passwordFile = passwordFileOf(url);
  const options = {
    connectionName: `tac8:${name}`,
    maxRetriesPerRequest: failFast ? 1 : null,
    // ioredis calls this as a method of the client's own options, also for a duplicate.
    retryStrategy(this: Options | undefined, times: number) {
      if (passwordFile !== null && this !== undefined) this.password = readPassword(passwordFile);
      return failFast && times > 2 ? null : Math.min(times * 100, RETRY_CAP_MS);
    },
    connectTimeout: CONNECT_MS,
    keepAlive: 10_000,
  };
  const ca = caOf(url);
  const trusted = ca === null ? undefined : readCa(ca);
  const tls = trusted === undefined ? {} : { tls: { ca: trusted } };
  const group = sentinelsOf(url);
  if (group !== null) {
    const secured = isTls(url) ? (tls.tls ?? {}) : null;
    return reported(new Redis({ ...options, ...behindSentinels(group, { tls: secured, failFast }) }), onError);
  }
  const socket = socketOf(url);
  const password = passwordFile === null ? passwordOf(url) : readPassword(passwordFile);
  const withSocket = { ...options, ...socket, ...(password ? { password } : {}) };
  const redis = socket === null ? new Redis(url, { ...options, ...tls }) : new Redis(withSocket);
  redis.on("error", onError);
  return redis;
}

/**
 * Finds the master. If the listener of the former connection is notified of a fail-over while ioredis 6 searches for the master, ioredis
 * treats that as a call of `disconnect` and never reconnects. So this class stops that listener first.
 */
class MasterConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof SentinelConnector>[0]);
  }

  override connect(onError: Parameters<SentinelConnector["connect"]>[0]): ReturnType<SentinelConnector["connect"]> {
    const { failoverDetector } = this as unknown as { failoverDetector: { cleanup(): void } | null };
    failoverDetector?.cleanup();
    return super.connect(onError);
  }
}

/** Return the options with which ioredis finds the master. `tls`: options for both Redis and the Sentinels; null: no TLS. */
function behindSentinels(
  { sentinels, name, db, user, password, sentinelPassword }: SentinelGroup,
  { tls, failFast }: { readonly tls: { readonly ca?: string } | null; readonly failFast: boolean },
) {
  return {
    sentinels: [...sentinels],
    name,
    db,
    ...(user === null ? {} : { username: user }),
    ...(password === null ? {} : { password }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(tls === null ? {} : { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    sentinelRetryStrategy: (times) => (failFast && times > 2 ? null : Math.min(times * 100, RETRY_CAP_MS)),
    sentinelCommandTimeout: CONNECT_MS,
    // Use only the Sentinels that the operator names: others may have addresses that are unreachable from here and in no certificate.
    updateSentinels: false,
    // A master whose machine has lost power does not close its connections: TCP would wait for a quarter of an hour.
    failoverDetector: true,
    Connector: MasterConnector,
  } satisfies SettingsOfRedis;
}

/** Report the last error of a Sentinel in place of ioredis's own, which only states that all Sentinels are unreachable. */
function reported(redis: Redis, onError: (error: Error) => void): Redis {
  let last: Error | null = null;
  redis.on("sentinelError", (error: Error) => (last = error));
  redis.on("error", (error: Error) => onError(error.message.startsWith("All sentinels") ? (last ?? error) : error));
  return redis;
}

/**
 * Return the password that `tac8 share` has stored; undefined: there is none. It is read at each connection, because `tac8 share` and
 * `tac8 unshare` change it while clients run.
 */
function readPassword(path: string): string | undefined {
  try {
    const password = readFileSync(path, "utf8").trim();
    // Errors of ioredis contain the arguments of the command, so also a refused password.
    addSecret(password);
    return password;
  } catch {
    return undefined;
  }
}

/** Read the CA certificate, which the configuration has checked. If it is missing now, the connection fails with an unknown CA. */
function readCa(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
