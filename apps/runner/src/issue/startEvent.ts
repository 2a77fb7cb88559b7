import { GitHubError } from "@tac8/core/github/errors";
import { findStartEvent, type StartEventQuery } from "@tac8/core/github/startEvent";
import type { IssueEvent } from "@tac8/core/github/types";
import { retryOptionsOf, withRetry } from "../run/retry.ts";
import type { IssueAccess } from "../run/step.ts";
import { isTrustedLabel } from "./trusted.ts";

/**
 * The event by which a trusted account started the work on an issue; null if there is none, or if the issue does not
 * exist. `undefined` in its place: not yet read from GitHub.
 */
export type StartEvent = IssueEvent | null;

/** Return the facts that a run needs to find its start event. */
export function startEventQuery(run: IssueAccess): StartEventQuery {
  const { ref, repository, login } = run.issue;
  return { ref, label: repository.issueLabel, login, mayLabel: (account) => isTrustedLabel(run, account) };
}

/** Return the start event; reads it from GitHub only if it is not known. @throws GitHubError */
export async function startEventOf(run: IssueAccess, known: StartEvent | undefined): Promise<StartEvent> {
  return known === undefined ? readStartEvent(run) : known;
}

/** Read the start event from GitHub. @throws GitHubError */
export async function readStartEvent(run: IssueAccess): Promise<StartEvent> {
  const { signal } = run;
  return withRetry(async () => {
    try {
      return await findStartEvent(run.issue.github, startEventQuery(run), { signal });
    } catch (error) {
      if (error instanceof GitHubError && (error.kind === "not-found" || error.kind === "removed")) return null;
      throw error;
    }
  }, retryOptionsOf(run));
}
