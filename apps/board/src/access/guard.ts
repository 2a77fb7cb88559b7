import type { RequestHandler } from "express";
import { problemPage } from "../pages/problem.ts";
import { judgeAccess, type AccessRules } from "./judge.ts";

/** Lets through what `judgeAccess` does, and answers the rest. `openPaths` need no password. */
export function accessGuard(rules: AccessRules, openPaths: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const headers = {
      host: request.headers.host,
      authorization: request.headers.authorization,
      origin: request.headers.origin,
      "sec-fetch-site": request.get("sec-fetch-site"),
    };
    const known = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const verdict = judgeAccess(
      { method: request.method, open: openPaths.includes(request.path), headers: known },
      rules,
    );
    if (verdict.ok) {
      next();
      return;
    }
    if (verdict.status === 401) response.set("www-authenticate", 'Basic realm="tac8", charset="UTF-8"');
    problemPage(response, { status: verdict.status, title: "No entry", message: verdict.message });
  };
}
