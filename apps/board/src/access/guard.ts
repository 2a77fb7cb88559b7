import type { Request, RequestHandler, Response } from "express";
import { problemPage } from "../pages/problem.ts";
import type { Access } from "./access.ts";
import { addressOf, keepCaller } from "./caller.ts";
import { offerIn } from "./credentials.ts";
import { decideAccess, type AccessRules, type Caller, type AccessLevel, type Decision } from "./decide.ts";
import { isSame } from "./keys.ts";
import { hasSession } from "./session.ts";
import { showSignIn } from "./signIn.ts";

export interface GuardOptions {
  readonly access: Access;
  readonly rules: AccessRules;
  /** Paths that require another level than `board`. */
  readonly levels: ReadonlyMap<string, AccessLevel>;
}

/** Return a handler that passes the requests that `decideAccess` allows, and answers the others. */
export function accessGuard({ access, rules, levels }: GuardOptions): RequestHandler {
  return (request, response, next) => {
    const { caller, refused } = recognize(request, access);
    const headers = {
      host: request.headers.host,
      origin: request.headers.origin,
      "sec-fetch-site": request.get("sec-fetch-site"),
    };
    const known = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const requires = levels.get(request.path) ?? "board";
    const decision = decideAccess(
      {
        method: request.method,
        requires,
        caller,
        refused,
        hasToken: isSame(tokenIn(request), access.keys.csrf),
        headers: known,
      },
      rules,
    );
    if (decision.ok) {
      // On an open page, the metrics token gives no access.
      keepCaller(response, caller === "metrics-token" && requires !== "metrics" ? null : caller);
      next();
    } else refuse(request, response, { decision, access });
  };
}

function recognize(request: Request, access: Access): { caller: Caller; refused: "wrong" | "wait" | null } {
  const { keys, guesses, now } = access;
  if (hasSession(request.headers.cookie, keys, now())) return { caller: "session", refused: null };
  const offer = offerIn(request.headers.authorization, keys);
  if (offer === "none") return { caller: null, refused: null };
  if (offer === "metrics-token") return { caller: offer, refused: null };
  if (guesses.waitOf(addressOf(request)) > 0) return { caller: null, refused: "wait" };
  if (offer === "password") return { caller: offer, refused: null };
  access.noteWrong(addressOf(request));
  return { caller: null, refused: "wrong" };
}

/** Return the page's token, which forms send in the body and scripts in a header. */
function tokenIn(request: Request): string {
  const body: unknown = request.body;
  const field = typeof body === "object" && body !== null && "csrf" in body ? body.csrf : null;
  return typeof field === "string" ? field : (request.get("x-csrf-token") ?? "");
}

function refuse(
  request: Request,
  response: Response,
  { decision, access }: { readonly decision: Extract<Decision, { ok: false }>; readonly access: Access },
): void {
  const forbid = (message: string) => {
    if (isApi(request)) response.status(403).json({ error: { key: "ERRORS.FORBIDDEN" }, message });
    else problemPage(response, { status: 403, title: "Access denied", message });
  };
  switch (decision.why) {
    case "host":
      return forbid("This board accepts only localhost: open it at 127.0.0.1, or set board.host or board.url.");
    case "foreign":
      return forbid("Only the board's own pages can send this request.");
    case "token":
      return forbid("This page is outdated: go back, reload it, and try again.");
    case "sign-in":
    case "wrong":
      return askToSignIn(request, response, { access, status: 401, wait: 0 });
    case "wait":
      return askToSignIn(request, response, { access, status: 429, wait: access.guesses.waitOf(addressOf(request)) });
    default:
      return decision.why satisfies never;
  }
}

/** Browsers get the sign-in page, Bull Board's scripts get JSON, and programs get a line with the challenge that some of them need. */
function askToSignIn(
  request: Request,
  response: Response,
  { access, status, wait }: { readonly access: Access; readonly status: 401 | 429; readonly wait: number },
): void {
  if (wait > 0) response.set("retry-after", String(Math.ceil(wait / 1000)));
  if (!isBrowser(request)) {
    if (status === 401) response.set("www-authenticate", 'Basic realm="tac8", charset="UTF-8"');
    const line = status === 401 ? "Enter the board's password, with any user name." : "Too many wrong passwords.";
    response.status(status).type("text").send(`${line}\n`);
    return;
  }
  if (isApi(request) || !request.accepts("html")) {
    response.status(status).json({ error: { key: "ERRORS.FORBIDDEN" }, message: "Signed out: reload the page." });
    return;
  }
  const next = request.method === "GET" ? request.originalUrl : "/";
  showSignIn(response, { access, status, next, notice: wait > 0 ? "wait" : null });
}

/** Browsers get no challenge, because they would ask for a password in a dialog, even while a page is open. */
function isBrowser(request: Request): boolean {
  return (request.get("user-agent") ?? "").startsWith("Mozilla/");
}

function isApi({ originalUrl }: Pick<Request, "originalUrl">): boolean {
  return originalUrl.startsWith("/queues/api/");
}
