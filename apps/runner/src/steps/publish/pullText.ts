import { anotherRound, type PullFacts } from "@tac8/core/outgoing/texts";
import { NO_USAGE } from "@tac8/core/domain/usage";
import type { Pull } from "@tac8/core/github/types";
import type { CountedTitle } from "../../issue/textThatCounts.ts";
import type { Notes } from "./pullNotes.ts";
import type { PublishNeeds } from "./needs.ts";

/** Parts of the pull request's text, which have been searched for secrets. */
export interface PullText {
  readonly notes: Notes;
  readonly summary: string;
}

export interface PullTextNeeds extends Pick<PublishNeeds, "id" | "issue" | "record" | "signal" | "log" | "redact"> {
  /** Model for the text if the record has none. */
  readonly defaultModel: string;
}

/** Parts of the pull request's text, and the issue's title that counts. */
export interface PullTextInput extends PullText {
  readonly countedTitle: CountedTitle | null;
}

/**
 * Append a paragraph about this run's work to the text of an open pull request, unless this round opened it or the text has the
 * paragraph already. The existing text is kept.
 */
export async function addRoundToText(run: PullTextNeeds, pull: Pull, parts: PullTextInput): Promise<Pull> {
  const { github } = run.issue;
  const facts = pullFacts(run, parts);
  if (run.record.state.pull.headBefore === null || pull.state !== "open" || pull.body.includes(facts.run)) return pull;
  const text = anotherRound(pull.body.length, facts);
  if (text === null) {
    run.log.warn(
      { pull: pull.number },
      "the pull request's text has reached GitHub's limit: nothing was added about this round",
    );
    return pull;
  }
  await run.record.assertLive();
  return github.updatePull(run.issue.ref, pull.number, { before: pull.body, text }, { signal: run.signal });
}

export function pullFacts(run: PullTextNeeds, { notes, summary, countedTitle }: PullTextInput): PullFacts {
  const { state } = run.record;
  return {
    ...notes,
    summary: run.redact(summary),
    usage: state.agent.usage ?? NO_USAGE,
    models: state.agent.models ?? [run.defaultModel],
    denied: state.agent.denied,
    leftRunning: state.work.leftRunning,
    run: state.agent.run ?? run.id,
    unreadable: countedTitle?.unreadable ?? null,
    added: state.work.autoCommitted,
  };
}
