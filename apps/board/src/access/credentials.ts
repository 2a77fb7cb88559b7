import { isSame, type AccessKeys } from "./keys.ts";

/** The credential in an `Authorization` header; `none`: there is no such header. */
export type Offer = "none" | "password" | "metrics-token" | "wrong";

/** Check an `Authorization` header: HTTP Basic with any user name, or a bearer token. Compares in constant time. Pure. */
export function offerIn(header: string | undefined, { password, metricsToken }: AccessKeys): Offer {
  if (header === undefined) return "none";
  const bearer = /^bearer ([\x21-\x7e]{1,4096})$/i.exec(header)?.[1];
  if (bearer !== undefined) return metricsToken !== null && isSame(bearer, metricsToken) ? "metrics-token" : "wrong";
  const encoded = /^basic ([a-z0-9+/_=-]{1,4096})$/i.exec(header)?.[1] ?? "";
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return isSame(pair.slice(colon + 1), password) && colon >= 0 ? "password" : "wrong";
}
