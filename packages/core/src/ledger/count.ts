import type { AgentEvidence } from "../domain/agentEvidence.ts";
import { meaningOf, type Meaning } from "../domain/eventMeaning.ts";
import type { LoggedEvent } from "../domain/events.ts";
import type { FailureKind } from "../domain/failures.ts";
import { bucketFields, type HistogramName } from "./histograms.ts";
import { timeToPullField } from "./timesToPull.ts";

/**
 * Sums of the ledger, by field of a hash. All are whole numbers, so that Redis adds them without loss:
 *
 *   outcome|<outcome>                      ends of issues (`blocked`: it waits for a reply or a permission, and is counted again when it ends)
 *   updated                                ends as `pr` whose pull request was already open, so it is not a new one
 *   failure|<kind>                         attempts that failed, including the last ones
 *   begun                                  started agents, per day only; their runners count them, see agentRuns.ts
 *   agents|<cause>                         ended agents, by the cause of their end
 *   cost|<model>                           micro US dollars
 *   tokens|<model>|<input, output, cacheRead, cacheWrite>
 *   hold|<name>                            holds begun
 *   github|<requests, notModified>         requests to GitHub, see githubCalls.ts; only in the totals
 *   pr|at|<seconds>                        pull requests by the time since queueing, see timesToPull.ts; per day only
 *   <run, wait, pr>|le|<seconds>, |sum, |count   histograms, see histograms.ts; sums in ms
 */
export type Counts = Readonly<Record<string, number>>;

export interface Increments {
  readonly totals: Counts;
  /** By day, as `dayOf` names it. */
  readonly days: Readonly<Record<string, Counts>>;
}

/** Return what these events add to the sums. `dayOf`: returns the day of an ISO time. Pure. */
export function countEvents(events: readonly LoggedEvent[], dayOf: (at: string) => string): Increments {
  const totals: Record<string, number> = {};
  const days: Record<string, Record<string, number>> = {};
  for (const event of events) {
    const day = (days[dayOf(event.at)] ??= {});
    const meaning = meaningOf(event);
    for (const [field, amount] of fieldsOf(meaning)) {
      totals[field] = (totals[field] ?? 0) + amount;
      day[field] = (day[field] ?? 0) + amount;
    }
    const took = meaning.of === "end" && meaning.outcome === "pr" ? meaning.sinceBegunMs : null;
    if (took !== null) {
      const field = timeToPullField(took);
      day[field] = (day[field] ?? 0) + 1;
    }
  }
  return { totals, days };
}

type Field = readonly [name: string, amount: number];

function fieldsOf(meaning: Meaning): Field[] {
  switch (meaning.of) {
    case "agent":
      return meaning.agent === null ? [] : agentFields(meaning.agent);
    case "hold":
      return meaning.begins ? [[`hold|${holdName(meaning.name)}`, 1]] : [];
    case "start":
      return timed("wait", meaning.waitedMs);
    case "attempt":
      return failed(meaning.failure);
    case "refused label":
      return failed("untrusted");
    case "end":
      return [
        [`outcome|${meaning.outcome}`, 1],
        ...failed(meaning.failure),
        ...(meaning.outcome === "pr" ? timed("pr", meaning.sinceBegunMs) : []),
        ...(meaning.outcome === "pr" && meaning.updated ? [["updated", 1] as const] : []),
      ];
    case "queue":
    case "reply":
    case "defect":
    case "note":
      return [];
    default:
      return meaning satisfies never;
  }
}

function agentFields({ models, cause, ms }: AgentEvidence): Field[] {
  const figures = models.flatMap(({ model: name, costUsd, ...tokens }): Field[] => {
    const model = fieldName(name);
    const counted = Object.entries(tokens).map(([kind, amount]): Field => [`tokens|${model}|${kind}`, whole(amount)]);
    return [[`cost|${model}`, whole(costUsd * 1e6)], ...counted];
  });
  return [[`agents|${fieldName(cause)}`, 1], ...figures, ...timed("run", ms)];
}

const MAX_NAME = 120;
/** Upper bound of an amount: more than any real cost, and far below the largest safe integer. */
const MAX_AMOUNT = 1e14;

/** Return a name as a part of a field. Names come from agents, and Redis's JSON parser would reject half a character at each later count. */
function fieldName(text: string): string {
  return text.slice(0, MAX_NAME).toWellFormed();
}

function whole(amount: number): number {
  return Math.min(MAX_AMOUNT, Math.max(0, Math.round(amount)));
}

function failed(kind: FailureKind | null): Field[] {
  return kind === null ? [] : [[`failure|${kind}`, 1]];
}

function timed(name: HistogramName, ms: number | null): Field[] {
  return ms !== null && ms >= 0 ? bucketFields(name, whole(ms)) : [];
}

/** Return the name of a hold for a field. All holds of repositories have one field, because they are many and their names are long. */
function holdName(name: string): string {
  return name.startsWith("repo:") ? "repository" : fieldName(name);
}
