import { GitHubError } from "@tac8/core/github/errors";
import { findCause, type CauseQuestion } from "@tac8/core/github/cause";
import type { IssueEvent } from "@tac8/core/github/types";
import type { RunContext } from "../run/context.ts";
import { withPatience } from "../run/patience.ts";
import { isTrustedLabel } from "./trusted.ts";

/** What this run asks to learn its cause. */
export function causeQuestion(run: RunContext, signal: AbortSignal): CauseQuestion {
  const { ref, repository, services } = run;
  const mayStart = (login: string) => isTrustedLabel(run, login, signal);
  return { ref, label: repository.issueLabel, login: services.login, mayStart };
}

/**
 * Return the event by which an account that may do so started the work on this issue; null: there is none, or the issue does not
 * exist. Asked once a run, and not at all if `admit` has asked. @throws GitHubError
 */
export async function causeOf(run: RunContext, signal: AbortSignal): Promise<IssueEvent | null> {
  if (run.cause === undefined) await readCause(run, signal);
  return run.cause ?? null;
}

/** The same, asked again. */
export async function readCause(run: RunContext, signal: AbortSignal): Promise<IssueEvent | null> {
  const { github, config } = run.services;
  run.cause = await withPatience(
    async () => {
      try {
        return await findCause(github, causeQuestion(run, signal), { signal });
      } catch (error) {
        if (error instanceof GitHubError && (error.kind === "not-found" || error.kind === "gone")) return null;
        throw error;
      }
    },
    { signal, factor: config.coordinator.backoff_factor },
  );
  return run.cause;
}

/** Return whether there is such an event. @throws GitHubError */
export async function isCaused(run: RunContext, signal: AbortSignal): Promise<boolean> {
  return (await causeOf(run, signal)) !== null;
}
