import { formatDuration } from "../domain/formats.ts";
import { ADVICE } from "../domain/failureWords.ts";
import { stateAfter } from "../domain/eventMeaning.ts";
import { MAX_NO_CHANGES } from "../domain/failures.ts";
import { formatUsage } from "../domain/usage.ts";
import { moment } from "../look/times.ts";
import type { LoggedEvent } from "../domain/events.ts";
import type { WhyFacts } from "./facts.ts";
import { clear, decides, type Finding } from "./rule.ts";
import { ended, happened, sentence, shortRun, words } from "./words.ts";

/** The newest entry of the issue's way into this state. */
export function entryInto(facts: WhyFacts, state: string): LoggedEvent | null {
  return facts.events.find((event) => stateAfter(event) === state && event.from !== state) ?? null;
}

/** How it ended, by whom and why. */
export function judgeEnd(facts: WhyFacts): Finding[] {
  const { issue, now } = facts;
  const { state } = issue;
  const event = entryInto(facts, state ?? "");
  const at = issue.since === null ? "" : ` at ${moment(Date.parse(issue.since), now)}`;
  const reason = words(event?.reason || issue.reason);
  const evidence = {
    since: issue.since,
    by: event?.by ?? null,
    run: textOf(event, "run") ?? issue.outcomeRun,
    reason,
    failure: state === "failed" ? issue.failure : null,
    actor: textOf(event, "actor"),
    pr: issue.prNumber,
    url: issue.prUrl,
  };
  const by =
    event === null
      ? ""
      : ` (by ${words(event.by, 80)}${evidence.run === null ? "" : `, run ${shortRun(evidence.run)}`})`;
  const end = (text: string, answer: string) => [decides("end", `${text}${by}`, evidence, answer)];
  const again = "To try again";
  switch (state) {
    case "pr": {
      const waited = event?.evidence["sinceBegunMs"];
      const took = typeof waited === "number" ? `, ${formatDuration(waited)} after it was queued` : "";
      const text = `it ended with pull request #${issue.prNumber ?? "?"}${at}${took}`;
      const spent = issue.usage === null ? "" : ` The agent took ${formatUsage(issue.usage)}.`;
      return end(
        text,
        `Done: pull request #${issue.prNumber ?? "?"}${issue.prUrl === null ? "" : ` (${issue.prUrl})`}.${spent}`,
      );
    }
    case "answered": {
      const spent = issue.usage === null ? "" : ` The agent took ${formatUsage(issue.usage)}.`;
      const said = words(issue.summary, 600);
      return end(
        `it ended with an answer of the agent, which changed nothing${at}`,
        `Answered, nothing was changed: ${ended(said === "" ? reason : said)}${spent} For another round: tac8 retry, or the label again.`,
      );
    }
    case "failed": {
      const kind = issue.failure ?? "unknown";
      const advice = issue.failure === null ? "" : ` ${plainAdvice(issue.failure)}`;
      const early = endedEarly(facts)
        ? ` That was ${issue.noChanges} times without a change: it is not tried again.`
        : "";
      return end(`it failed${at} (${kind}): ${reason}`, `Failed (${kind}): ${ended(reason)}${early}${advice}`);
    }
    case "stopped": {
      const how = happened("stopped", reason);
      return end(`it was ${how}${at}`, `${sentence(how)} ${again}: tac8 retry, or the label again.`);
    }
    case "cancelled":
      return end(
        `it was cancelled${at}: ${reason}`,
        `Cancelled: ${ended(reason)} ${again}, open it and put the label on.`,
      );
    case "withdrawn":
      return end(
        `it was withdrawn${at}, before an agent had begun: ${reason}`,
        `Withdrawn: ${ended(reason)} ${again}, put the label back on.`,
      );
    case "expired":
      return end(
        `it expired${at}: ${reason}`,
        issue.withheld === null
          ? `Expired: its question was not answered in time. ${again}, put the label back on.`
          : "Expired: its finished work was withheld, and not published in time. The work is kept. Put the label back on: it is published if that is allowed by then, or tac8 asks again.",
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

/** Without a change too often, while attempts are left. */
function endedEarly({ issue, job }: WhyFacts): boolean {
  if (issue.failure !== "no-changes" || issue.noChanges < MAX_NO_CHANGES) return false;
  return job !== null && job.attemptsMade < job.maxAttempts;
}

/** Was the label put on again since? */
export function judgeAgain({ github, issue, settings, now }: WhyFacts): Finding[] {
  const { label } = settings;
  if (!github.asked)
    return [clear("label", `GitHub was not asked (${words(github.because, 200)}): is ${label} on it again?`)];
  if (github.issue.kind !== "found") return [];
  const { state, labels } = github.issue.issue;
  if (state === "closed") return [clear("label", "it is closed on GitHub", { state })];
  if (!labels.some((name) => name.toLowerCase() === label.toLowerCase())) {
    return [clear("label", `the label ${label} is not on it`, { label })];
  }
  const event = github.label;
  if (event === null || event.id <= issue.labelEvent) {
    return [clear("label", `the label ${label} is on it, but was used up: take it off and put it back on`, { label })];
  }
  const text = `${label} was put on again by ${words(event.actor, 60)} at ${moment(Date.parse(event.at), now)}`;
  const evidence = { label, actor: words(event.actor, 60), at: event.at, event: event.id };
  return [decides("label", text, evidence, `${sentence(text)} The scheduler queues it with its next poll.`)];
}

function plainAdvice(kind: keyof typeof ADVICE): string {
  return ADVICE[kind].replaceAll("`", "");
}

export function textOf(event: LoggedEvent | null, name: string): string | null {
  const value = event?.evidence[name];
  return typeof value === "string" ? words(value, 200) : null;
}
