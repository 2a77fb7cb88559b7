import { isSame, mac, type AccessKeys } from "./keys.ts";

/** A session lasts for 30 days, also after restarts of the board. A new password or a new key ends it. */
const SESSION_MS = 30 * 86_400_000;
const MAX_COOKIE_CHARS = 8192;
const MAX_TRIES = 8;

type SigningKeys = Pick<AccessKeys, "sessionKey" | "cookieName">;

/** Return the value of a session cookie: `<end, epoch s>.<signature>`. */
export function makeSession({ sessionKey }: SigningKeys, now: number): string {
  const ends = String(Math.floor((now + SESSION_MS) / 1000));
  return `${ends}.${signature(sessionKey, ends)}`;
}

/** Whether this `Cookie` header has a valid session. Another program on this host may have set a second cookie with that name. */
export function hasSession(header: string | undefined, { sessionKey, cookieName }: SigningKeys, now: number): boolean {
  const all = (header ?? "")
    .slice(0, MAX_COOKIE_CHARS)
    .split(";")
    .map((pair) => pair.trim());
  const ours = all.filter((pair) => pair.startsWith(`${cookieName}=`)).slice(0, MAX_TRIES);
  return ours.some((pair) => isValid(pair.slice(cookieName.length + 1), sessionKey, now));
}

/**
 * The `Set-Cookie` header of a new session; `secure`: the browser uses HTTPS. `Lax` instead of `Strict`, because with `Strict`
 * a link to the board in a chat or on GitHub would require another sign-in. Such a link can only read.
 */
export function sessionCookie(keys: SigningKeys, { now, secure }: { now: number; secure: boolean }): string {
  const rest = `Path=/; Max-Age=${SESSION_MS / 1000}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  return `${keys.cookieName}=${makeSession(keys, now)}; ${rest}`;
}

function isValid(value: string, key: Buffer, now: number): boolean {
  const [, ends = "", signed = ""] = /^(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
  return isSame(signed, signature(key, ends)) && now < Number(ends) * 1000;
}

function signature(key: Buffer, ends: string): string {
  return mac(key, `until\n${ends}`).toString("base64url");
}
