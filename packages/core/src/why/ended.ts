import { formatDuration } from "../domain/formats.ts";
import { ADVICE } from "../domain/failureWords.ts";
import { stateAfter } from "../domain/eventMeaning.ts";
import { MAX_NO_CHANGES } from "../domain/failures.ts";
import { formatUsage } from "../domain/usage.ts";
import { atMoment } from "../status/times.ts";
import type { LoggedEvent } from "../domain/events.ts";
import type { WhyFacts } from "./facts.ts";
import { notDecisive, decisive, type Finding } from "./rule.ts";
import { withFullStop, verbWithReason, asSentence, shortRun, asClause } from "./words.ts";

/** Return the newest event that brought the issue into this state; null: there is none. */
export function entryInto(facts: WhyFacts, state: string): LoggedEvent | null {
  return facts.events.find((event) => stateAfter(event) === state && event.from !== state) ?? null;
}

/** Evaluate how the issue ended, with the cause and the reason. */
export function evaluateEnd(facts: WhyFacts): Finding[] {
  const { record, now } = facts;
  const { state } = record;
  const event = entryInto(facts, state ?? "");
  const at = record.since === null ? "" : ` ${atMoment(Date.parse(record.since), now)}`;
  const reason = asClause(event?.reason || record.end.reason);
  const evidence = {
    since: record.since,
    by: event?.by ?? null,
    run: textOf(event, "run") ?? record.end.run,
    reason,
    failure: state === "failed" ? record.end.failure : null,
    actor: textOf(event, "actor"),
    pr: record.pull.number,
    url: record.pull.url,
  };
  const by =
    event === null
      ? ""
      : ` (by ${asClause(event.by, 80)}${evidence.run === null ? "" : `, run ${shortRun(evidence.run)}`})`;
  const end = (text: string, answer: string) => [decisive("end", `${text}${by}`, evidence, answer)];
  const again = "To try again";
  switch (state) {
    case "pr": {
      const waited = event?.evidence["sinceBegunMs"];
      const took = typeof waited === "number" ? `, ${formatDuration(waited)} after it was queued` : "";
      const text = `it ended with pull request #${record.pull.number ?? "?"}${at}${took}`;
      const spent = record.agent.usage === null ? "" : ` Usage of the agent: ${formatUsage(record.agent.usage)}.`;
      return end(
        text,
        `Done: pull request #${record.pull.number ?? "?"}${record.pull.url === null ? "" : ` (${record.pull.url})`}.${spent}`,
      );
    }
    case "answered": {
      const spent = record.agent.usage === null ? "" : ` Usage of the agent: ${formatUsage(record.agent.usage)}.`;
      const summary = asClause(record.work.summary, 600);
      return end(
        `it was answered: the agent made no changes${at}`,
        `Answered, without changes: ${withFullStop(summary === "" ? reason : summary)}${spent} To start another round, run tac8 retry or add the label again.`,
      );
    }
    case "failed": {
      const kind = record.end.failure ?? "unknown";
      const advice = record.end.failure === null ? "" : ` ${plainAdvice(record.end.failure)}`;
      const early = endedEarly(facts)
        ? ` ${record.counts.noChanges} attempts made no change, so tac8 does not retry it.`
        : "";
      return end(`it failed${at} (${kind}): ${reason}`, `Failed (${kind}): ${withFullStop(reason)}${early}${advice}`);
    }
    case "stopped": {
      const how = verbWithReason("stopped", reason);
      return end(`it was ${how}${at}`, `${asSentence(how)} ${again}, run tac8 retry or add the label again.`);
    }
    case "cancelled":
      return end(
        `it was cancelled${at}: ${reason}`,
        `Cancelled: ${withFullStop(reason)} ${again}, reopen it and add the label.`,
      );
    case "withdrawn":
      return end(
        `it was withdrawn${at}, before an agent started: ${reason}`,
        `Withdrawn: ${withFullStop(reason)} ${again}, add the label again.`,
      );
    case "expired":
      return end(
        `it expired${at}: ${reason}`,
        record.work.withheld === null
          ? `Expired: its question got no reply in time. ${again}, add the label again.`
          : "Expired: its finished work was withheld and not published in time. The work is kept. Add the label again: the work is published if that is allowed by then, otherwise tac8 asks again.",
      );
    case "queued":
    case "running":
    case "retrying":
    case "parked":
    case "blocked":
    case null:
      return [];
    default:
      return state satisfies never;
  }
}

/** Return whether the issue ended before all attempts were used, because too many of them made no change. */
function endedEarly({ record, job }: WhyFacts): boolean {
  if (record.end.failure !== "no-changes" || record.counts.noChanges < MAX_NO_CHANGES) return false;
  return job !== null && job.attemptsMade < job.maxAttempts;
}

/** Evaluate whether the label was added again since the end. */
export function evaluateAgain({ github, record, settings, now }: WhyFacts): Finding[] {
  const { label } = settings;
  if (!github.asked)
    return [
      notDecisive(
        "label",
        `GitHub was not asked (${asClause(github.because, 200)}): check whether the label ${label} was added again`,
      ),
    ];
  if (github.issue.kind !== "found") return [];
  const { state, labels } = github.issue.issue;
  if (state === "closed") return [notDecisive("label", "it is closed on GitHub", { state })];
  if (!labels.some((name) => name.toLowerCase() === label.toLowerCase())) {
    return [notDecisive("label", `it does not have the label ${label}`, { label })];
  }
  const event = github.label;
  if (event === null || event.id <= record.label.event) {
    return [
      notDecisive("label", `it has the label ${label}, which has already started a run: remove it and add it again`, {
        label,
      }),
    ];
  }
  const text = `${asClause(event.actor, 60)} added the label ${label} again ${atMoment(Date.parse(event.at), now)}`;
  const evidence = { label, actor: asClause(event.actor, 60), at: event.at, event: event.id };
  return [decisive("label", text, evidence, `${asSentence(text)} The scheduler queues it with its next poll.`)];
}

function plainAdvice(kind: keyof typeof ADVICE): string {
  return ADVICE[kind].replaceAll("`", "");
}

export function textOf(event: LoggedEvent | null, name: string): string | null {
  const value = event?.evidence[name];
  return typeof value === "string" ? asClause(value, 200) : null;
}
