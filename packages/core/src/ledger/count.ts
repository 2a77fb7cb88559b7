import type { AgentEvidence } from "../domain/agentEvidence.ts";
import { meaningOf, type Meaning } from "../domain/eventMeaning.ts";
import type { LoggedEvent } from "../domain/events.ts";
import type { FailureKind } from "../domain/failures.ts";
import { bucketFields, type HistogramName } from "./histograms.ts";
import { timeToPullField } from "./timesToPull.ts";

/**
 * What is counted, by field of a hash. Only whole numbers, so that Redis adds them up without loss:
 *
 *   outcome|<outcome>                      ends of issues (`blocked` is one that was asked a question)
 *   updated                                ends as `pr` with a pull request that was open before: it is no other one
 *   failure|<kind>                         attempts that failed, the last ones included
 *   begun                                  agents that began, of a day only; their runners count them, see agentRuns.ts
 *   agents|<cause>                         agents that ended, by their end's cause
 *   cost|<model>                           micro US dollars
 *   tokens|<model>|<input, output, cacheRead, cacheWrite>
 *   hold|<name>                            holds begun
 *   github|<requests, notModified>         requests to GitHub, see githubCalls.ts; in the totals only
 *   pr|at|<seconds>                        pull requests by their time from the queue, see timesToPull.ts; of days only
 *   <run, wait, pr>|le|<seconds>, |sum, |count   histograms, see histograms.ts; sums in ms
 */
export type Counts = Readonly<Record<string, number>>;

export interface Increments {
  readonly totals: Counts;
  /** By day, as `dayOf` names it. */
  readonly days: Readonly<Record<string, Counts>>;
}

/** Pure: what these events add. `dayOf` names the day of an ISO time. */
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
/** More than anybody spends; far below where whole numbers end. */
const MAX_AMOUNT = 1e14;

/** Names come from agents. Redis' JSON reader refuses half a character, and would then never count anything again. */
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

/** Repositories are many, and their names are long: together they are one. */
function holdName(name: string): string {
  return name.startsWith("repo:") ? "repository" : fieldName(name);
}
