import { hostName, isLoopback } from "./loopback.ts";
import { hasPassword } from "./password.ts";

export interface AccessRules {
  /** The board listens on loopback only: then a foreign `Host` is a page that rebound its name to this machine. */
  readonly loopback: boolean;
  /** null: none is asked for. */
  readonly password: string | null;
}

export interface AccessRequest {
  readonly method: string;
  /** May be seen without the password. */
  readonly open: boolean;
  readonly headers: Readonly<Partial<Record<"host" | "authorization" | "origin" | "sec-fetch-site", string>>>;
}

export type Verdict =
  { readonly ok: true } | { readonly ok: false; readonly status: 401 | 403; readonly message: string };

/**
 * Pure: may this request go on? A browser sends `Sec-Fetch-Site` or `Origin` with everything that changes something, so
 * what has neither comes from no page, and only pages are made to ask by strangers.
 */
export function judgeAccess(request: AccessRequest, rules: AccessRules): Verdict {
  const { headers } = request;
  const host = hostName(headers.host);
  if (host === null || (rules.loopback && !isLoopback(host))) {
    return refuse(403, "This board answers to localhost only: open it at 127.0.0.1, or set board.host.");
  }
  if (rules.password !== null && !request.open && !hasPassword(headers.authorization, rules.password)) {
    return refuse(401, "The board's password is needed (TAC8_BOARD_PASSWORD, or the one in its log); any user name.");
  }
  const reads = request.method === "GET" || request.method === "HEAD";
  if (!reads && !isOwnPage(headers)) {
    return refuse(403, "Only the board's own pages may change something.");
  }
  return { ok: true };
}

function isOwnPage(headers: AccessRequest["headers"]): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const { origin } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase();
}

function refuse(status: 401 | 403, message: string): Verdict {
  return { ok: false, status, message };
}
