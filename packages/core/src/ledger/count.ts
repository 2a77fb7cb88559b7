import { FAILURE_KINDS } from "../domain/failures.ts";
import { OUTCOMES } from "../domain/states.ts";
import { parseAgentEvidence } from "../domain/agentEvidence.ts";
import type { LoggedEvent } from "../domain/events.ts";
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
    for (const [field, amount] of fieldsOf(event)) {
      totals[field] = (totals[field] ?? 0) + amount;
      day[field] = (day[field] ?? 0) + amount;
    }
    const took = event.to === "pr" && event.from !== "pr" ? event.evidence["sinceBegunMs"] : null;
    if (typeof took === "number" && took >= 0) {
      const field = timeToPullField(took);
      day[field] = (day[field] ?? 0) + 1;
    }
  }
  return { totals, days };
}

type Field = readonly [name: string, amount: number];

function fieldsOf(event: LoggedEvent): Field[] {
  const { to, from, evidence } = event;
  switch (to) {
    case "agent":
      return agentFields(evidence);
    case "hold":
      return [[`hold|${holdName(evidence["name"])}`, 1]];
    case "running":
      return timed("wait", evidence["waitedMs"]);
    case "retrying":
    case "parked":
      return failed(evidence["failure"]);
    case "unhold":
    case "note":
    case "queued":
      return [];
    case "pr":
    case "answered":
    case "blocked":
    case "stopped":
    case "cancelled":
    case "failed":
    case "withdrawn":
    case "expired":
      // An answer to a question is told as blocked → blocked.
      if (from === to || !OUTCOMES.includes(to)) return [];
      // No run failed: a label was refused.
      if (evidence["failure"] === "untrusted") return failed("untrusted");
      return [
        [`outcome|${to}`, 1],
        ...(to === "failed" ? failed(evidence["failure"]) : []),
        ...(to === "pr" ? timed("pr", evidence["sinceBegunMs"]) : []),
        ...(to === "pr" && evidence["updated"] === 1 ? [["updated", 1] as const] : []),
      ];
    default:
      to satisfies never;
      return []; // An entry of another version.
  }
}

function agentFields(evidence: LoggedEvent["evidence"]): Field[] {
  const found = parseAgentEvidence(evidence);
  if (found === null) return [];
  const models = found.models.flatMap(({ model: name, costUsd, ...tokens }): Field[] => {
    const model = fieldName(name);
    const counted = Object.entries(tokens).map(([kind, amount]): Field => [`tokens|${model}|${kind}`, whole(amount)]);
    return [[`cost|${model}`, whole(costUsd * 1e6)], ...counted];
  });
  return [[`agents|${fieldName(found.cause)}`, 1], ...models, ...timed("run", found.ms)];
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

function failed(kind: string | number | null | undefined): Field[] {
  const known = FAILURE_KINDS.find((name) => name === kind);
  return known === undefined ? [] : [[`failure|${known}`, 1]];
}

function timed(name: HistogramName, ms: string | number | null | undefined): Field[] {
  return typeof ms === "number" && ms >= 0 ? bucketFields(name, whole(ms)) : [];
}

/** Repositories are many, and their names are long: together they are one. */
function holdName(name: string | number | null | undefined): string {
  const text = String(name ?? "");
  return text.startsWith("repo:") ? "repository" : fieldName(text);
}
