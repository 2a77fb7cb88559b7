import { isLoopback } from "@tac8/core/board/loopback";
import { hostName } from "./hostName.ts";

/** The credential by which a request was recognized; null: none. */
export type Caller = "session" | "password" | "metrics-token" | null;

/** The credentials that a path requires. `open`: none; `metrics`: the metrics token, a session or the password; `board`: a session or the password. */
export type AccessLevel = "open" | "metrics" | "board";

export interface AccessRules {
  /** Whether the board listens on loopback only. Then another `Host` is a DNS rebinding attack. */
  readonly loopback: boolean;
  /** Host of `board.url`; null: none is set. */
  readonly publicHost: string | null;
}

export interface AccessRequest {
  readonly method: string;
  readonly requires: AccessLevel;
  readonly caller: Caller;
  /** `wrong`: a wrong password or token was sent; `wait`: the address must wait after wrong passwords. */
  readonly refused: "wrong" | "wait" | null;
  /** Whether the request has the token of the board's pages. */
  readonly hasToken: boolean;
  readonly headers: Readonly<Partial<Record<"host" | "origin" | "sec-fetch-site", string>>>;
}

export type Decision =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: "host" | "sign-in" | "wrong" | "wait" | "foreign" | "token" };

/**
 * Decide whether a request is allowed. Pure. A browser sends `Sec-Fetch-Site` or `Origin` with every request that changes
 * something, so a request with neither does not come from a page. Only browsers use a session, so a change with a session needs
 * the board's origin and the page's token. A change with a password needs the token only if it comes from a page.
 */
export function decideAccess(request: AccessRequest, rules: AccessRules): Decision {
  const { headers, requires, caller, refused } = request;
  if (!isOurHost(headers.host, rules)) return { ok: false, why: "host" };
  const enters = requires === "open" || (caller !== null && (caller !== "metrics-token" || requires === "metrics"));
  if (!enters) return { ok: false, why: refused ?? "sign-in" };
  const reads = request.method === "GET" || request.method === "HEAD";
  if (reads) return { ok: true };
  const fromPage = headers["sec-fetch-site"] !== undefined || headers.origin !== undefined;
  if (fromPage && !isOwnPage(headers)) return { ok: false, why: "foreign" };
  const needsToken = requires !== "open" && (fromPage || caller === "session");
  return needsToken && !request.hasToken ? { ok: false, why: "token" } : { ok: true };
}

function isOurHost(header: string | undefined, { loopback, publicHost }: AccessRules): boolean {
  const host = hostName(header);
  if (host === null) return false;
  return !loopback || isLoopback(host) || header?.toLowerCase() === publicHost;
}

function isOwnPage(headers: AccessRequest["headers"]): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const { origin = "" } = headers;
  return URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase();
}
