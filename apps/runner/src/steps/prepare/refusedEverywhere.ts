import type { StepFailure } from "@tac8/core/domain/failures";
import { GitHubError } from "@tac8/core/github/errors";
import type { Issue, IssueAnswer } from "@tac8/core/github/types";
import { failureOf } from "../../run/failureOf.ts";

/** GitHub's words about this issue or its people: the next issue may well be written to. */
const OF_THE_ISSUE = /\b(locked|blocked)\b/i;

/**
 * Whether a refused write on an issue says that the token may write nowhere in the repository. Pure.
 * @param issue as it was read before the write
 * @param after as it is now; asked for where GitHub says 404, which is what a classic token without the scope gets, too
 */
export function isRefusedEverywhere(
  error: unknown,
  issue: Pick<Issue, "locked">,
  after: IssueAnswer["kind"] | null,
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
    case "gone":
    case "invalid":
      return false;
    default:
      return error.kind satisfies never;
  }
}

/** The failure of a repository that takes no write of this token. */
export function refusedEverywhere(error: GitHubError): StepFailure["failure"] {
  return { ...failureOf(error), kind: "refused", wholeRepository: true };
}
