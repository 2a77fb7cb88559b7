import { isIP } from "node:net";

/** A host in its normalized form, for comparisons: `registry.npmjs.org`, `10.1.2.3`, `2001:db8::1`. */
export interface HostName {
  /** Lower case, ASCII, without brackets, userinfo and the trailing dot. */
  readonly host: string;
  readonly isAddress: boolean;
}

const MAX_NAME = 253;
/** White space, control characters, and characters that begin another part of a URL. */
const FOREIGN = /[\s\p{Cc}/?#\\@]/u;
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Normalize the host of an authority without a port, by the rules of URLs: upper case, a trailing dot, Unicode, percent-encoding, and
 * addresses in decimal, octal, hexadecimal or short forms get one form. Null: the text is not a host.
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

/** Split `HOST:PORT` at the last colon outside of brackets; `port` null: there is none. Null: the text is not an authority. */
export function splitAuthority(text: string): { readonly host: string; readonly port: number | null } | null {
  const [, host = "", digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === "") return isIP(text) === 6 ? { host: text, port: null } : null;
  const port = digits === undefined ? null : Number(digits);
  return port !== null && (port < 1 || port > 65_535) ? null : { host, port };
}
