import { messageOf } from "../domain/messageOf.ts";
import type { GitHub } from "../github/client.ts";
import { mayLabel } from "../github/mayStart.ts";
import type { IssueRef } from "../domain/reference.ts";
import type { GitHubFacts } from "./facts.ts";

export interface AskOptions {
  /** The trigger. */
  readonly label: string;
  /** Logins that may start work whatever GitHub says: config `trusted_users`. */
  readonly trustedUsers: readonly string[];
  readonly signal: AbortSignal;
}

/** The issue as GitHub has it; where it is labelled, who did that and whether they may: three calls at most. */
export async function askGitHub(
  github: Pick<GitHub, "issue" | "newestLabeledEvent" | "permission" | "isOwnApp">,
  ref: IssueRef,
  { label, trustedUsers, signal }: AskOptions,
): Promise<GitHubFacts> {
  try {
    const issue = await github.issue(ref, ref.number, { signal });
    const found = issue.kind === "found" && issue.issue.state === "open" && !issue.issue.isPull;
    const labelled = found && issue.issue.labels.some((name) => name.toLowerCase() === label.toLowerCase());
    if (!labelled) return { asked: true, issue, label: null, mayStart: null };
    const event = await github.newestLabeledEvent(ref, ref.number, label, { signal });
    if (event === null) return { asked: true, issue, label: null, mayStart: null };
    const may = await mayLabel(github, { repo: ref, login: event.actor, trustedUsers }, { signal });
    return { asked: true, issue, label: event, mayStart: may };
  } catch (error) {
    if (signal.aborted) return { asked: false, because: "it did not answer in time" };
    return { asked: false, because: messageOf(error) };
  }
}
