import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 24 characters that can be typed. */
export function makePassword(): string {
  return randomBytes(18).toString("base64url");
}

/** Does the `Authorization` header carry this password (HTTP Basic, any user name)? Takes as long whatever is wrong. */
export function hasPassword(header: string | undefined, password: string): boolean {
  const encoded = /^basic ([a-z0-9+/_=-]{1,4096})$/i.exec(header ?? "")?.[1] ?? "";
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  const same = timingSafeEqual(digest(pair.slice(colon + 1)), digest(password));
  return same && colon >= 0;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
