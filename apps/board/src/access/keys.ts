import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** The secrets that credentials are compared with. */
export interface AccessKeys {
  readonly password: string;
  readonly metricsToken: string | null;
  /** Each installation has its own cookie name, because browsers send cookies to every port of a host. */
  readonly cookieName: string;
  /** Derived from the password, so a new password ends all sessions. */
  readonly sessionKey: Buffer;
  /** The token in every page of the board, which only readers of a page know. */
  readonly csrf: string;
}

export function accessKeys(given: {
  readonly key: string;
  readonly password: string;
  readonly metricsToken: string | null;
}): AccessKeys {
  const { key, password, metricsToken } = given;
  const sessionKey = mac(key, `session\n${password}`);
  return {
    password,
    metricsToken,
    cookieName: `tac8-${mac(key, "cookie").toString("hex").slice(0, 8)}`,
    sessionKey,
    csrf: mac(sessionKey, "csrf").toString("base64url"),
  };
}

export function mac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Compare two texts in constant time. */
export function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
