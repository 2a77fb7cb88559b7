import { sameRepo, type IssueRef } from "@tac8/core/domain/reference";
import { createGitHub } from "@tac8/core/github/client";
import { openTokens } from "@tac8/core/github/openTokens";
import { createLogger } from "@tac8/core/log/logger";
import type { GitHubFacts } from "@tac8/core/why/facts";
import { askGitHub } from "@tac8/core/why/github";
import type { Place } from "../installation/locate.ts";

/** GitHub is worth so long a wait, and no more. */
const ANSWER_MS = 8000;

/** Ask GitHub for an issue and its trigger label; `asked` is false where there is no token, or no answer within 8 s. */
export async function askAbout(
  { config, repositories }: Pick<Place, "config" | "repositories">,
  { ref, now }: { readonly ref: IssueRef; readonly now: () => number },
): Promise<GitHubFacts> {
  if (config === null || config.secrets.github === null)
    return { asked: false, because: "there is no GitHub token here" };
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

/** The newest event of the trigger label (0: GitHub does not tell); null: it is not on the open issue, or nobody knows. */
export function labelOn(
  facts: GitHubFacts,
  { repositories }: Pick<Place, "repositories">,
  ref: IssueRef,
): number | null {
  if (!facts.asked || facts.issue.kind !== "found") return null;
  const { state, isPull, labels } = facts.issue.issue;
  const label = repositories.find((entry) => sameRepo(entry, ref))?.issueLabel.toLowerCase();
  const on = state === "open" && !isPull && labels.some((name) => name.toLowerCase() === label);
  return on ? (facts.label?.id ?? 0) : null;
}
