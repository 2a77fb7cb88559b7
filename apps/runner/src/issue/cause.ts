import { GitHubError } from "@tac8/core/github/errors";
import { findCause, type CauseQuestion } from "@tac8/core/github/cause";
import type { IssueEvent } from "@tac8/core/github/types";
import { retryOptionsOf, withRetry } from "../run/retry.ts";
import type { IssueAccess } from "../run/step.ts";
import { isTrustedLabel } from "./trusted.ts";

/**
 * The event by which a trusted account started the work on an issue; null if there is none, or if the issue does not
 * exist. `undefined` in its place: not yet read from GitHub.
 */
export type Cause = IssueEvent | null;

/** Return the facts that a run needs to find its cause. */
export function causeQuestion(run: IssueAccess): CauseQuestion {
  const { ref, repository, login } = run.issue;
  return { ref, label: repository.issueLabel, login, mayLabel: (account) => isTrustedLabel(run, account) };
}

/** Return the cause; reads it from GitHub only if it is not known. @throws GitHubError */
export async function causeOf(run: IssueAccess, known: Cause | undefined): Promise<Cause> {
  return known === undefined ? readCause(run) : known;
}

/** Read the cause from GitHub. @throws GitHubError */
export async function readCause(run: IssueAccess): Promise<Cause> {
  const { signal } = run;
  return withRetry(async () => {
    try {
      return await findCause(run.issue.github, causeQuestion(run), { signal });
    } catch (error) {
      if (error instanceof GitHubError && (error.kind === "not-found" || error.kind === "removed")) return null;
      throw error;
    }
  }, retryOptionsOf(run));
}
