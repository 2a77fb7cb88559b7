import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Secrets that requests are compared with. */
export interface AccessKeys {
  readonly password: string;
  readonly metricsToken: string | null;
  /** Cookies go to every port of a host: each installation has a name of its own. */
  readonly cookieName: string;
  /** Of this password: a new one ends all sessions. */
  readonly sessionKey: Buffer;
  /** In every page of the board, and so known only to who has read one. */
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

/** Takes as long whatever is different. */
export function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
