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
import { learnSecret } from "../log/redact.ts";
import { Redis, type RedisOptions as SettingsOfRedis, SentinelConnector } from "ioredis";

const RETRY_CAP_MS = 2000;
const CONNECT_MS = 5000;

interface Options {
  password?: string | undefined;
}

export interface RedisOptions {
  /** For `CLIENT LIST`: which app this is. */
  readonly name: string;
  /** `false` for a caller that waits (a worker); `true` for one that wants an error at once (the command line). */
  readonly failFast?: boolean;
  /** Called for each connection error; the client continues trying. */
  readonly onError: (error: Error) => void;
}

/** A client that reconnects for ever, at least every 2 s. The caller closes it. */
export function connectRedis(url: string, { name, failFast = false, onError }: RedisOptions): Redis {
  const passwordFile = passwordFileOf(url);
  const options = {
    connectionName: `tac8:${name}`,
    maxRetriesPerRequest: failFast ? 1 : null,
    // ioredis calls it as a method of the options of the very client, a duplicate too.
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
 * Finds the master. News of a fail-over that reaches the former connection's listener while ioredis 6 looks for the master ends the
 * client for good, because it takes that for a call of `disconnect`: so that listener stops first.
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

/** What ioredis needs to find the master. `tls`: of Redis and of the Sentinels alike; null: none. */
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
    // Only those that the operator names: the others may have addresses that are no use here, and are in no certificate.
    updateSentinels: false,
    // A master whose machine has lost its power closes no connection: TCP alone would wait for a quarter of an hour.
    failoverDetector: true,
    Connector: MasterConnector,
  } satisfies SettingsOfRedis;
}

/** Where no Sentinel helps, the last one's words are of more use than ioredis', which calls all of them unreachable. */
function reported(redis: Redis, onError: (error: Error) => void): Redis {
  let last: Error | null = null;
  redis.on("sentinelError", (error: Error) => (last = error));
  redis.on("error", (error: Error) => onError(error.message.startsWith("All sentinels") ? (last ?? error) : error));
  return redis;
}

/** Undefined: `tac8 share` has not made one. Read at each connection, because it comes and goes while clients run. */
function readPassword(path: string): string | undefined {
  try {
    const password = readFileSync(path, "utf8").trim();
    // Errors of ioredis have the arguments of their command: of a refused password, that one.
    learnSecret(password);
    return password;
  } catch {
    return undefined;
  }
}

/** The configuration has read it; if it is missing now, the connection's error names it as an unknown CA. */
function readCa(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
