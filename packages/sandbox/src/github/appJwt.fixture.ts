import { createSign } from "node:crypto";

export interface JwtClaims {
  readonly iss: number;
  /** Seconds since the epoch; default: as Octokit's library has them. */
  readonly iat?: number;
  readonly exp?: number;
}

/** The JSON web token of an App. */
export function appJwt(privateKey: string, { iss, ...times }: JwtClaims): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iat: now - 30, exp: now + 570, iss, ...times })}`;
  return `${signed}.${createSign("sha256").update(signed).sign(privateKey, "base64url")}`;
}
