import { formatAge } from "../domain/formats.ts";
import { atMoment, moment } from "../status/times.ts";
import { keepsPolling } from "../state/presence.ts";
import type { GitHubFacts, WhyFacts } from "./facts.ts";
import { notDecisive, decisive, type Finding } from "./rule.ts";
import { iso, asSentence, asClause } from "./words.ts";

/** Evaluate an issue that fulfils all conditions but that no poll has seen yet. */
export function evaluateUnseen({ github, settings }: WhyFacts, before: readonly Finding[]): Finding[] {
  if (!github.asked || before.some(({ isDecisive }) => isDecisive)) return [];
  const text = "no poll has seen the label yet";
  const answer = `It has the label. The scheduler queues it with its next poll, within ${settings.pollSeconds} s.`;
  return [decisive("poll", text, { pollSeconds: settings.pollSeconds }, answer)];
}

/** Evaluate whether the scheduler polls GitHub. `needed`: the issue waits for a poll. */
export function evaluateScheduler(facts: WhyFacts, needed: boolean): Finding[] {
  const { scheduler, now, settings } = facts;
  if (scheduler === null) {
    const text = "no scheduler is running";
    return [needed ? decisive("scheduler", text, {}, `${asSentence(text)} Start it.`) : notDecisive("scheduler", text)];
  }
  const { lastPollAt, error, restUntil } = scheduler;
  const evidence = {
    lastPollAt: iso(lastPollAt),
    error: error === null ? null : asClause(error),
    at: iso(scheduler.at),
  };
  const polled =
    lastPollAt === null
      ? "the scheduler has not polled GitHub yet"
      : `the scheduler last polled GitHub ${formatAge(now - lastPollAt)} ago`;
  const rests =
    typeof restUntil === "number" && restUntil > now
      ? `; the rate limit allows the next poll ${atMoment(restUntil, now)}`
      : "";
  const text = `${polled}${rests}${error === null ? "" : `: ${asClause(error)}`}`;
  const well = keepsPolling(scheduler, { now, pollSeconds: settings.pollSeconds }) && rests === "";
  if (well || !needed) return [notDecisive("scheduler", text, evidence)];
  const lastSeen = now - scheduler.at > 3 * settings.pollSeconds * 1000 + 60_000;
  const isOffline = lastSeen ? ` It sent its last heartbeat ${formatAge(now - scheduler.at)} ago: start it.` : "";
  return [decisive("scheduler", text, evidence, `${asSentence(text)}${isOffline}`)];
}

/** Evaluate a Redis reset, after which no issue is queued for a while. */
export function evaluateRedisReset({ addFrom, now }: WhyFacts): Finding[] {
  if (addFrom === null || addFrom <= now) return [];
  const text = `Redis was emptied, so the scheduler adds no issue before ${moment(addFrom, now)}`;
  const answer = `${asSentence(text)} It queues the issue then.`;
  return [decisive("redis-reset", text, { addFrom: iso(addFrom) }, answer)];
}

/** Evaluate GitHub's response about an issue that waits (`job`), or that tac8 does not know. */
export function evaluateIssue(facts: WhyFacts): Finding[] {
  const { github, settings } = facts;
  if (!github.asked) return [notAsked(github.because, settings.label)];
  const { issue: answer } = github;
  switch (answer.kind) {
    case "missing": {
      const text = `GitHub does not find it, or the token cannot read it (${answer.status})`;
      return [decisive("issue", text, { status: answer.status }, `${asSentence(text)} Check the number.`)];
    }
    case "moved": {
      const text = `it was transferred to ${asClause(answer.to, 200)}`;
      return [
        decisive(
          "issue",
          text,
          { to: asClause(answer.to, 200) },
          `It was transferred to ${asClause(answer.to, 200)}: add the label there.`,
        ),
      ];
    }
    case "found":
      return evaluateFound(answer.issue, github, facts);
    default:
      return answer satisfies never;
  }
}

function notAsked(because: string, label: string): Finding {
  return notDecisive(
    "issue",
    `GitHub was not asked (${asClause(because, 200)}): check that the issue is open and has the label ${label}`,
  );
}

type Asked = Extract<GitHubFacts, { readonly asked: true }>;
type Found = Extract<Asked["issue"], { readonly kind: "found" }>["issue"];

function evaluateFound(issue: Found, { label: event, mayLabel }: Asked, facts: WhyFacts): Finding[] {
  const { settings, now, record, job } = facts;
  const { label } = settings;
  const taken = "The scheduler removes it from the queue with its next poll.";
  if (issue.isPull) {
    return [decisive("issue", "it is a pull request", {}, "It is a pull request: tac8 works on issues.")];
  }
  if (issue.state === "closed") {
    const text = `it is closed on GitHub${issue.stateReason === null ? "" : ` (${asClause(issue.stateReason, 40)})`}`;
    const then = job === null ? "Reopen it and add the label." : taken;
    return [decisive("issue", text, { state: "closed" }, `It is closed on GitHub. ${then}`)];
  }
  if (!issue.labels.some((name) => name.toLowerCase() === label.toLowerCase())) {
    // A round that began with an operator's retry needs no label.
    if (record.round.retriedAt !== null)
      return [notDecisive("label", `it was queued by tac8 retry, so it needs no label`, {})];
    const then = job === null ? "Add it, and the next poll queues the issue." : taken;
    const answer = `It does not have the label ${label}. ${then}`;
    return [decisive("label", `it is open but does not have the label ${label}`, { label }, answer)];
  }
  if (event === null) return [notDecisive("label", `it is open and has the label ${label}`, { label })];
  const at = Date.parse(event.at);
  const account = `${asClause(event.actor, 60)}${Number.isNaN(at) ? "" : ` ${atMoment(at, now)}`}`;
  const evidence = { label, actor: asClause(event.actor, 60), at: event.at, event: event.id };
  if (mayLabel === false) {
    const text = `the label ${label} was added by an account without write access: ${account}`;
    return [decisive("label", text, evidence, `${asSentence(text)} An account with write access has to add it.`)];
  }
  return [notDecisive("label", `it is open, and the label ${label} was added by ${account}`, evidence)];
}
