import type { IssueEvent } from "@tac8/core/github/types";
import type { RunContext } from "../run/context.ts";
import { withPatience } from "../run/patience.ts";
import { isSpeechless } from "./statusComment.ts";
import { isTrusted } from "./trusted.ts";

/** Accounts that are asked about; only people who can label the issue are among them. */
const MAX_ACCOUNTS = 10;

/**
 * Return the event that the work on an issue goes back to: its label was put on by an account that may start work. The state in
 * Redis, which agents can write, says which event was used, and never that there was one. Null: there is none.
 * @param events the `labeled` events of the trigger, newest first
 */
export async function findCause(
  events: readonly IssueEvent[],
  mayStart: (login: string) => Promise<boolean>,
): Promise<IssueEvent | null> {
  const byAccount = new Map<string, IssueEvent>();
  for (const event of events) {
    const login = event.actor.toLowerCase();
    if (!byAccount.has(login)) byAccount.set(login, event);
  }
  for (const event of [...byAccount.values()].slice(0, MAX_ACCOUNTS)) {
    if (await mayStart(event.actor)) return event;
  }
  return null;
}

/**
 * Return whether GitHub shows that somebody who may do so started the work on this issue. Asked once a run, and not at all if
 * `admit` has asked. An issue whose events GitHub does not show to us (it was deleted, say) counts as started: GitHub takes no
 * comment and no push for it either.
 */
export async function isCaused(run: RunContext, signal: AbortSignal): Promise<boolean> {
  const { github, config } = run.services;
  const { ref, repository } = run;
  run.caused ??= await withPatience(
    async () => {
      try {
        const events = await github.labeledEvents(ref, ref.number, repository.issueLabel, { signal });
        return (await findCause(events, (login) => isTrusted(run, login, signal))) !== null;
      } catch (error) {
        if (!isSpeechless(error)) throw error;
        return true;
      }
    },
    { signal, factor: config.coordinator.backoff_factor },
  );
  return run.caused;
}
