import { mayLabel, mayStart } from "@tac8/core/github/mayStart";
import type { IssueAccess } from "../run/step.ts";

/** Return whether this account may start work and gets comments about it. */
export function isTrusted({ issue, signal }: IssueAccess, login: string): Promise<boolean> {
  const { trusted_users: trustedUsers } = issue.policy;
  return mayStart(issue.github, { repo: issue.ref, login, trustedUsers }, { signal });
}

/** Return whether labels of this account may start work. */
export function isTrustedLabel({ issue, signal }: IssueAccess, login: string): Promise<boolean> {
  const { trusted_users: trustedUsers } = issue.policy;
  return mayLabel(issue.github, { repo: issue.ref, login, trustedUsers }, { signal });
}
