import { forbidden } from "./answer.ts";
import type { Area, Level, Token } from "./model.ts";
import { atLeast } from "./store.ts";

const NAMES: Readonly<Record<Area, string>> = { contents: "contents", issues: "issues", pulls: "pull_requests" };

/** Which permissions a call takes, as GitHub documents them: one of them is enough. `path` continues after the repository's. */
function areasOf(method: string, path: string): readonly Area[] {
  if (/^\/(git|contents|branches|commits)\b/.test(path)) return ["contents"];
  if (/^\/pulls\b/.test(path)) return ["pulls"];
  if (method === "POST" && path === "/issues") return ["issues"];
  // Labels and comments are those of issues and of pull requests.
  if (/^\/(issues|labels)\b/.test(path)) return ["issues", "pulls"];
  return [];
}

/** @throws ApiError 403 before anything of the request is checked. */
export function checkAreas({ token, method, path }: { token: Token; method: string; path: string }): void {
  const areas = areasOf(method, path);
  const wanted: Level = method === "GET" ? "read" : "write";
  if (areas.length === 0 || areas.some((area) => atLeast(token.areas[area] ?? "admin", wanted))) return;
  const accepted = areas.map((area) => `${NAMES[area]}=${wanted}`).join("; ");
  throw forbidden({ app: token.app, accepted });
}
