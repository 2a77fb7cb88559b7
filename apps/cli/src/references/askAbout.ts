import { messageOf } from "@tac8/core/domain/messageOf";
import { sameRepo, type IssueRef } from "@tac8/core/domain/reference";
import { createGitHub, type GitHub } from "@tac8/core/github/client";
import { mayLabel } from "@tac8/core/github/trust";
import { openTokens } from "@tac8/core/github/openTokens";
import { createLogger } from "@tac8/core/log/logger";
import type { GitHubFacts } from "@tac8/core/why/facts";
import type { Installation } from "../installation/locate.ts";

/** Maximum wait for GitHub. */
const ANSWER_MS = 8000;

/** Ask GitHub about an issue and its trigger label. `asked` is false if there is no token, or no response within 8 s. */
export async function askAbout(
  { config, repositories }: Pick<Installation, "config" | "repositories">,
  { ref, now }: { readonly ref: IssueRef; readonly now: () => number },
): Promise<GitHubFacts> {
  if (config === null || config.secrets.github === null)
    return { asked: false, because: "no GitHub token on this machine" };
  const log = createLogger({ name: "cli", level: "silent", secrets: config.secrets.values });
  const github = createGitHub({
    apiUrl: config.github.api_url,
    tokens: openTokens(config, { log, requestTimeoutMs: ANSWER_MS, now }),
    secrets: config.secrets.values,
    log,
    requestTimeoutMs: ANSWER_MS,
    now,
  });
  const label = repositories.find((entry) => sameRepo(entry, ref))?.issueLabel ?? "";
  const signal = AbortSignal.timeout(ANSWER_MS);
  return askGitHub(github, ref, { label, trustedUsers: config.github.trusted_users, signal });
}

interface AskOptions {
  /** The trigger label. */
  readonly label: string;
  /** Logins that may start work regardless of their permissions: config `trusted_users`. */
  readonly trustedUsers: readonly string[];
  readonly signal: AbortSignal;
}

/** Read the issue and, if it has the label, who added it and whether that user may start work. At most three requests. */
async function askGitHub(
  github: Pick<GitHub, "issue" | "newestLabeledEvent" | "permission" | "isOwnApp">,
  ref: IssueRef,
  { label, trustedUsers, signal }: AskOptions,
): Promise<GitHubFacts> {
  try {
    const issue = await github.issue(ref, ref.number, { signal });
    const found = issue.kind === "found" && issue.issue.state === "open" && !issue.issue.isPull;
    const labelled = found && issue.issue.labels.some((name) => name.toLowerCase() === label.toLowerCase());
    if (!labelled) return { asked: true, issue, label: null, mayLabel: null };
    const event = await github.newestLabeledEvent(ref, ref.number, label, { signal });
    if (event === null) return { asked: true, issue, label: null, mayLabel: null };
    const may = await mayLabel(github, { repo: ref, login: event.actor, trustedUsers }, { signal });
    return { asked: true, issue, label: event, mayLabel: may };
  } catch (error) {
    if (signal.aborted) return { asked: false, because: "it did not respond in time" };
    return { asked: false, because: messageOf(error) };
  }
}

/** Return the newest event of the trigger label (0: GitHub reports none); null: the open issue does not have the label, or unknown. */
export function labelOn(
  facts: GitHubFacts,
  { repositories }: Pick<Installation, "repositories">,
  ref: IssueRef,
): number | null {
  if (!facts.asked || facts.issue.kind !== "found") return null;
  const { state, isPull, labels } = facts.issue.issue;
  const label = repositories.find((entry) => sameRepo(entry, ref))?.issueLabel.toLowerCase();
  const on = state === "open" && !isPull && labels.some((name) => name.toLowerCase() === label);
  return on ? (facts.label?.id ?? 0) : null;
}
