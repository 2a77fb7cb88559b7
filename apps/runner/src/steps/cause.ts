import { GitHubError } from "@tac8/core/github/errors";
import { findCause, type CauseQuestion } from "@tac8/core/github/cause";
import type { RunContext } from "../run/context.ts";
import { withPatience } from "../run/patience.ts";
import { isTrusted } from "./trusted.ts";

/** What this run asks to learn its cause. */
export function causeQuestion(run: RunContext, signal: AbortSignal): CauseQuestion {
  const { ref, repository, services } = run;
  const mayStart = (login: string) => isTrusted(run, login, signal);
  return { ref, label: repository.issueLabel, login: services.login, mayStart };
}

/**
 * Return whether GitHub shows that an account which may do so started the work on this issue; not for an issue that does not
 * exist. Asked once a run, and not at all if `admit` has asked. @throws GitHubError
 */
export async function isCaused(run: RunContext, signal: AbortSignal): Promise<boolean> {
  const { github, config } = run.services;
  run.caused ??= await withPatience(
    async () => {
      try {
        return (await findCause(github, causeQuestion(run, signal), { signal })) !== null;
      } catch (error) {
        if (error instanceof GitHubError && (error.kind === "not-found" || error.kind === "gone")) return false;
        throw error;
      }
    },
    { signal, factor: config.coordinator.backoff_factor },
  );
  return run.caused;
}
