import type { IssueRecord } from "@tac8/core/state/issueState";
import type { Step } from "./schedule.ts";

/** Return the step of an issue's live run, from its record; null: there is no live run. Pure. */
export function stepOf(state: IssueRecord): Step | null {
  if (state.run.id === null) return null;
  if (state.end.outcome !== null && state.end.outcome !== "blocked") return "report";
  // The question's outcome stays while it is open; the run that has the answer clears it first.
  if (state.end.outcome === "blocked") return state.end.run === state.run.id ? "report" : "prepare";
  if (state.checkpoint === "worked" || state.checkpoint === "published") return "publish";
  return state.agent.run === state.run.id ? "work" : "prepare";
}

const ISSUE = /\/issues\/(\d+)(?:\/|$)/;
const BRANCH = /auto(?:\/|%2F)gh-(\d+)/i;
const COMMENT = /\/issues\/comments\/(\d+)$/;

/** Return the subject of a request to GitHub: an issue, a comment, or the only step that makes this request. Pure. */
export function requestOf({ method, path, query }: { method: string; path: string; query: string }): {
  readonly issue?: number;
  readonly comment?: number;
  readonly step?: Step;
} {
  const issue = ISSUE.exec(path) ?? BRANCH.exec(query);
  if (issue !== null) return { issue: Number(issue[1]) };
  const comment = COMMENT.exec(path);
  if (comment !== null) return { comment: Number(comment[1]) };
  if (method === "POST" && path.endsWith("/pulls")) return { step: "publish" };
  if (path.endsWith("/git-receive-pack") || query.includes("git-receive-pack")) return { step: "publish" };
  if (path.includes("/collaborators/")) return { step: "prepare" };
  return {};
}
