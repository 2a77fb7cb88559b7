import { mayLabel, mayStart } from "@tac8/core/github/mayStart";
import type { RunContext } from "../run/context.ts";

/** May this account start work, and is heard about it? */
export function isTrusted(
  { ref, services: { github, config }, switch: { stop } }: RunContext,
  login: string,
  signal: AbortSignal = stop,
): Promise<boolean> {
  const { trusted_users: trustedUsers } = config.github;
  return mayStart(github, { repo: ref, login, trustedUsers }, { signal });
}

/** May labels of this account start work? */
export function isTrustedLabel(
  { ref, services: { github, config }, switch: { stop } }: RunContext,
  login: string,
  signal: AbortSignal = stop,
): Promise<boolean> {
  const { trusted_users: trustedUsers } = config.github;
  return mayLabel(github, { repo: ref, login, trustedUsers }, { signal });
}
