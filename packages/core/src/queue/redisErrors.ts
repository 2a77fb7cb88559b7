type Coded = Error & { readonly code?: unknown };

/** Error codes of Node and OpenSSL for a connection that fails. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOENT: "the socket does not exist",
  EACCES: "no permission to connect to the socket",
  ENOTFOUND: "unknown host name",
  EAI_AGAIN: "the host name cannot be resolved at the moment",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "no response",
  ECONNRESET: "the server closes the connection: if it expects TLS, write rediss://",
  EPIPE: "the server closes the connection: if it expects TLS, write rediss://",
  ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS: write redis://",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the server does not speak TLS: write redis://",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host name",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed: set REDIS_CA_FILE to it",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's CA is unknown: set REDIS_CA_FILE to its certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's CA is unknown: set REDIS_CA_FILE to its certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's CA is unknown: set REDIS_CA_FILE to its certificate",
};
const MAX = 200;

/** Return a short reason why Redis cannot be reached, without any password. Pure. */
export function redisErrorText(error: Error): string {
  const one = firstOf(error);
  const known = typeof one.code === "string" ? CAUSES[one.code] : undefined;
  if (known !== undefined) return known;
  if (/^Connection is closed/i.test(one.message)) return CAUSES["ECONNRESET"] ?? one.message;
  if (one.message.endsWith("successfully, but got an invalid reply: null"))
    return "the Sentinels do not know this name";
  const text = one.message || (typeof one.code === "string" ? one.code : one.name);
  return text.replaceAll(/\s+/g, " ").slice(0, MAX);
}

/** Return the first error of several. A host with several addresses causes one error for all of them, without a message. */
function firstOf(error: Coded): Coded {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first instanceof Error ? first : error;
}

const PASSWORD_ADVICE =
  "check REDIS_PASSWORD, or the password in REDIS_URL; on a machine that has joined another one, tac8 join with a new token";
const SENTINEL_ADVICE = "check REDIS_SENTINEL_PASSWORD";

/** Return a short advice for an error that `isRefused`. `message`: the message of Redis. Pure. */
export function refusalAdvice(message: string): string {
  if (message.includes("connect to sentinel")) return SENTINEL_ADVICE;
  return message.includes("NOPERM") ? "give that user the permissions that docs/security.md lists" : PASSWORD_ADVICE;
}

/**
 * Return why a Redis cannot be used, in one line; null: it can. A Redis Cluster distributes keys over its nodes, but tac8's scripts
 * change several keys in one step. `info`: the response to `INFO`. Pure.
 */
export function unusableRedis(info: string): string | null {
  if (/^redis_mode:sentinel/m.test(info))
    return "it is a Sentinel: write redis+sentinel://HOST:PORT,HOST:PORT/NAME in REDIS_URL";
  if (!/^cluster_enabled:1/m.test(info)) return null;
  return "it is a Redis Cluster, which tac8 cannot use: set REDIS_URL to a single Redis (cluster-enabled no)";
}

/** Return whether Redis responds but refuses the password, or requires one. Pure. */
export function isRefused({ message }: Error): boolean {
  return /NOAUTH|WRONGPASS|NOPERM/.test(message);
}
