import { isTrustedAccount, mayLabel } from "@tac8/core/github/trust";
import type { IssueAccess } from "../run/step.ts";

/** Return whether an account is trusted, so that it may start work and gets comments about it. */
export function isTrusted({ issue, signal }: IssueAccess, login: string): Promise<boolean> {
  const { trusted_users: trustedUsers } = issue.policy;
  return isTrustedAccount(issue.github, { repo: issue.ref, login, trustedUsers }, { signal });
}

/** Return whether the labels of an account count. */
export function isTrustedLabel({ issue, signal }: IssueAccess, login: string): Promise<boolean> {
  const { trusted_users: trustedUsers } = issue.policy;
  return mayLabel(issue.github, { repo: issue.ref, login, trustedUsers }, { signal });
}
