import type { EventName, LoggedEvent } from "../domain/events.ts";
import { formatReference } from "../domain/reference.ts";
import { agentRunsOf } from "../status/counts.ts";
import { atMoment } from "../status/times.ts";
import { textOf } from "./ended.ts";
import type { WhyFacts } from "./facts.ts";
import { notDecisive, type Finding } from "./rule.ts";
import { asClause } from "./words.ts";

/** Events after which another agent run may follow. Each completes `agent run 2 started after …`. */
const CAUSES: Partial<Record<EventName, string>> = {
  "issue:queued": "the label queued the issue",
  "issue:retried": "a user queued the issue again",
  "issue:requeued": "a runner returned the issue to the queue",
  "attempt:failed": "an attempt failed",
  "issue:parked": "the issue was parked",
  "question:answered": "the question was answered",
  "publication:allowed": "the publication was approved",
  "run:lost": "a run was lost with its runner",
};

/**
 * Explain why an agent was started more than once: the cause of the newest start, if its events were read. A run starts a second agent only
 * if the session that the first one should resume is missing.
 */
export function evaluateRepeated(facts: WhyFacts): Finding[] {
  const { record, ref, now } = facts;
  const runs = agentRunsOf(record);
  if (runs < 2) return [];
  const [previous, newest] = record.agent.runs?.slice(-2) ?? [];
  const run = newest?.run ?? record.agent.run;
  const all = `tac8 timeline ${formatReference(ref)}`;
  if (newest !== undefined && newest.run === previous?.run) {
    const text = `agent run ${runs} started because the session of the run before it was missing; all events: ${all}`;
    return [notDecisive("repeated", text, { run, cause: "session-missing" })];
  }
  const cause = causeOf(facts.events, run);
  if (cause === null) return [notDecisive("repeated", `why an agent ran ${runs} times: ${all}`, { run, cause: null })];
  const kind = textOf(cause, "failure");
  const reason = asClause(cause.reason);
  const lost = textOf(cause, "lost");
  const what = `${CAUSES[cause.event]}${kind === null ? "" : ` (${kind})`} ${atMoment(Date.parse(cause.at), now)}`;
  const text = `agent run ${runs} started after ${what}${reason === "" ? "" : `: ${reason}`}; all events: ${all}`;
  return [notDecisive("repeated", text, { run, cause: cause.event, at: cause.at, failure: kind, lost, reason })];
}

/** Return the newest cause before the run started; null: it is older than the events that were read. `events`: newest first. */
function causeOf(events: readonly LoggedEvent[], run: string | null): LoggedEvent | null {
  const began = events.findIndex(({ event, evidence }) => event === "run:started" && evidence["run"] === run);
  if (run === null || began < 0) return null;
  return events.slice(began + 1).find(({ event }) => CAUSES[event] !== undefined) ?? null;
}
