import { isLoopback } from "@tac8/core/board/loopback";
import { hostName } from "./hostName.ts";

/** Proof by which a request was recognized; null: it was not. */
export type Caller = "session" | "password" | "metrics-token" | null;

/** Proof that a path asks for: none; the metrics token, a session or the password; a session or the password. */
export type Door = "open" | "metrics" | "board";

export interface AccessRules {
  /** The board listens on loopback only: then a foreign `Host` is a page that rebound its name to this machine. */
  readonly loopback: boolean;
  /** Host of `board.url`; null: none is set. */
  readonly publicHost: string | null;
}

export interface AccessRequest {
  readonly method: string;
  readonly door: Door;
  readonly caller: Caller;
  /** A password or token was sent that is not ours, or may not be tried now. */
  readonly refused: "wrong" | "wait" | null;
  /** It carries the token of the board's pages. */
  readonly hasToken: boolean;
  readonly headers: Readonly<Partial<Record<"host" | "origin" | "sec-fetch-site", string>>>;
}

export type Decision =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: "host" | "sign-in" | "wrong" | "wait" | "foreign" | "token" };

/**
 * Pure: may this request continue? A browser sends `Sec-Fetch-Site` or `Origin` with everything that changes something, so
 * what has neither comes from no page. A session comes from browsers alone, so a change by it needs both the origin and
 * the page's token; by a password the token where a page asks.
 */
export function decideAccess(request: AccessRequest, rules: AccessRules): Decision {
  const { headers, door, caller, refused } = request;
  if (!isOurHost(headers.host, rules)) return { ok: false, why: "host" };
  const enters = door === "open" || (caller !== null && (caller !== "metrics-token" || door === "metrics"));
  if (!enters) return { ok: false, why: refused ?? "sign-in" };
  const reads = request.method === "GET" || request.method === "HEAD";
  if (reads) return { ok: true };
  const fromPage = headers["sec-fetch-site"] !== undefined || headers.origin !== undefined;
  if (fromPage && !isOwnPage(headers)) return { ok: false, why: "foreign" };
  const needsToken = door !== "open" && (fromPage || caller === "session");
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
