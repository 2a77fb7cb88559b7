import { isIP } from "node:net";

/** A host in the one spelling that is compared: `registry.npmjs.org`, `10.1.2.3`, `2001:db8::1`. */
export interface HostName {
  /** Lower case, ASCII, without brackets, userinfo and the dot of a full name. */
  readonly host: string;
  readonly isAddress: boolean;
}

const MAX_NAME = 253;
/** White space, control characters, and what would begin another part of a URL. */
const FOREIGN = /[\s\p{Cc}/?#\\@]/u;
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * The host of an authority without its port, by the rules of URLs: upper case, a full name's dot, Unicode, percent signs and
 * addresses in decimal, octal, hexadecimal or short forms all become one spelling. null: no host at all.
 */
export function normalizeHost(text: string): HostName | null {
  if (text === "" || text.length > 1000 || FOREIGN.test(text)) return null;
  const v6 = text.startsWith("[") || isIP(text) === 6;
  if (!v6 && text.includes(":")) return null;
  const url = `http://${v6 && !text.startsWith("[") ? `[${text}]` : text}/`;
  if (!URL.canParse(url)) return null;
  const bare = new URL(url).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isIP(bare) !== 0) return { host: bare, isAddress: true };
  return bare.length <= MAX_NAME && NAME.test(bare) ? { host: bare, isAddress: false } : null;
}

/** `HOST:PORT` in two, by the last colon outside of brackets; `port` null: none is written. null: it is none. */
export function splitAuthority(text: string): { readonly host: string; readonly port: number | null } | null {
  const [, host = "", digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === "") return isIP(text) === 6 ? { host: text, port: null } : null;
  const port = digits === undefined ? null : Number(digits);
  return port !== null && (port < 1 || port > 65_535) ? null : { host, port };
}
