import { formatAge } from "../domain/formats.ts";
import { moment } from "../look/times.ts";
import { keepsPolling } from "../state/presence.ts";
import type { GitHubFacts, WhyFacts } from "./facts.ts";
import { clear, decides, type Finding } from "./rule.ts";
import { iso, sentence, words } from "./words.ts";

/** An issue that has all it needs, and that no poll has seen yet. */
export function judgeUnseen({ github, settings }: WhyFacts, before: readonly Finding[]): Finding[] {
  if (!github.asked || before.some(({ holds }) => holds)) return [];
  const text = "no poll has seen the label yet";
  const answer = `It is labelled, and is put into the queue with the next poll, within ${settings.pollSeconds} s.`;
  return [decides("poll", text, { pollSeconds: settings.pollSeconds }, answer)];
}

/** Does the scheduler see what happens on GitHub? `needed`: the issue waits for just that. */
export function judgeScheduler(facts: WhyFacts, needed: boolean): Finding[] {
  const { scheduler, now, settings } = facts;
  if (scheduler === null) {
    const text = "no scheduler has been heard of";
    return [needed ? decides("scheduler", text, {}, `${sentence(text)} Start it.`) : clear("scheduler", text)];
  }
  const { lastPollAt, error, restUntil } = scheduler;
  const evidence = { lastPollAt: iso(lastPollAt), error: error === null ? null : words(error), at: iso(scheduler.at) };
  const polled =
    lastPollAt === null
      ? "the scheduler has not reached GitHub yet"
      : `the scheduler asked GitHub ${formatAge(now - lastPollAt)} ago`;
  const rests =
    typeof restUntil === "number" && restUntil > now ? `, and may ask again at ${moment(restUntil, now)}` : "";
  const text = `${polled}${rests}${error === null ? "" : `: ${words(error)}`}`;
  const well = keepsPolling(scheduler, { now, pollSeconds: settings.pollSeconds }) && rests === "";
  if (well || !needed) return [clear("scheduler", text, evidence)];
  const heard = now - scheduler.at > 3 * settings.pollSeconds * 1000 + 60_000;
  const gone = heard ? ` It was last heard of ${formatAge(now - scheduler.at)} ago: start it.` : "";
  return [decides("scheduler", text, evidence, `${sentence(text)}${gone}`)];
}

/** After Redis was emptied nothing is added for a while. */
export function judgeEpoch({ addFrom, now }: WhyFacts): Finding[] {
  if (addFrom === null || addFrom <= now) return [];
  const text = `Redis was emptied, so nothing is added before ${moment(addFrom, now)}`;
  const answer = `${sentence(text)} It is put into the queue then.`;
  return [decides("epoch", text, { addFrom: iso(addFrom) }, answer)];
}

/** What GitHub says of an issue that waits (`job`), or that tac8 has never seen. */
export function judgeIssue(facts: WhyFacts): Finding[] {
  const { github, settings } = facts;
  if (!github.asked) return [notAsked(github.because, settings.label)];
  const { issue: answer } = github;
  switch (answer.kind) {
    case "gone": {
      const text = `GitHub does not have it, or the token may not see it (${answer.status})`;
      return [decides("issue", text, { status: answer.status }, `${sentence(text)} Check the number.`)];
    }
    case "moved": {
      const text = `it was moved to ${words(answer.to, 200)}`;
      return [
        decides(
          "issue",
          text,
          { to: words(answer.to, 200) },
          `It was moved to ${words(answer.to, 200)}: label it there.`,
        ),
      ];
    }
    case "found":
      return judgeFound(answer.issue, github, facts);
    default:
      return answer satisfies never;
  }
}

function notAsked(because: string, label: string): Finding {
  return clear("issue", `GitHub was not asked (${words(because, 200)}): is it open, and is ${label} on it?`);
}

type Asked = Extract<GitHubFacts, { readonly asked: true }>;
type Found = Extract<Asked["issue"], { readonly kind: "found" }>["issue"];

function judgeFound(issue: Found, { label: event, mayStart }: Asked, facts: WhyFacts): Finding[] {
  const { settings, now, issue: known, job } = facts;
  const { label } = settings;
  const taken = "The scheduler takes it out of the queue with its next poll.";
  if (issue.isPull) {
    return [decides("issue", "it is a pull request", {}, "It is a pull request: tac8 works on issues.")];
  }
  if (issue.state === "closed") {
    const text = `it is closed on GitHub${issue.stateReason === null ? "" : ` (${words(issue.stateReason, 40)})`}`;
    const then = job === null ? "Reopen it, and put the label on." : taken;
    return [decides("issue", text, { state: "closed" }, `It is closed on GitHub. ${then}`)];
  }
  if (!issue.labels.some((name) => name.toLowerCase() === label.toLowerCase())) {
    // Begun by a person's retry, it needs none.
    if (known.retried !== null) return [clear("label", `a person's retry began it, so it needs no label`, {})];
    const then = job === null ? "Put it on, and the next poll queues it." : taken;
    const answer = `The label ${label} is not on it. ${then}`;
    return [decides("label", `it is open, but the label ${label} is not on it`, { label }, answer)];
  }
  if (event === null) return [clear("label", `it is open, and the label ${label} is on it`, { label })];
  const at = Date.parse(event.at);
  const who = `${words(event.actor, 60)}${Number.isNaN(at) ? "" : ` at ${moment(at, now)}`}`;
  const evidence = { label, actor: words(event.actor, 60), at: event.at, event: event.id };
  if (mayStart === false) {
    const text = `${label} was put on by ${who}, who cannot write to the repository`;
    return [decides("label", text, evidence, `${sentence(text)} Somebody who can has to put it on.`)];
  }
  return [clear("label", `it is open, and ${label} was put on by ${who}`, evidence)];
}
