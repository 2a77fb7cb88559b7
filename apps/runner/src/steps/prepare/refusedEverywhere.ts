import type { StepFailure } from "@tac8/core/domain/failures";
import { GitHubError } from "@tac8/core/github/errors";
import type { Issue, IssueResult } from "@tac8/core/github/types";
import { failureOf } from "../../run/failureOf.ts";

/** Words of GitHub's message that concern only this issue or its users, so writes to other issues may succeed. */
const OF_THE_ISSUE = /\b(locked|blocked)\b/i;

/**
 * Return whether a refused write on an issue shows that the token may write nowhere in the repository. Pure.
 * @param issue the issue before the write
 * @param after the current issue; only read after a 404, which GitHub also returns for a classic token without the scope
 */
export function isRefusedEverywhere(
  error: unknown,
  issue: Pick<Issue, "locked">,
  after: IssueResult["kind"] | null,
): error is GitHubError {
  if (!(error instanceof GitHubError)) return false;
  switch (error.kind) {
    case "unauthorized":
      return true;
    case "forbidden":
      return !issue.locked && !OF_THE_ISSUE.test(error.detail);
    case "not-found":
      return !issue.locked && after === "found";
    case "unavailable":
    case "rate-limit":
    case "removed":
    case "invalid":
      return false;
    default:
      return error.kind satisfies never;
  }
}

/** Return the failure for a repository that refuses every write of this token. */
export function refusedEverywhere(error: GitHubError): StepFailure["failure"] {
  return { ...failureOf(error), kind: "refused", wholeRepository: true };
}
