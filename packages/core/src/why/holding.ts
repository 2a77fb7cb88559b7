import { OPERATOR, repositoryHold, type Hold } from "../domain/holds.ts";
import { canProcess, isDeferral, labelsOfReason, deferralWords } from "../domain/placement.ts";
import { holdWords } from "../domain/holdWords.ts";
import { atMoment, moment } from "../status/times.ts";
import { RUNNER_OFFLINE_MS } from "../state/presence.ts";
import type { WhyFacts } from "./facts.ts";
import { notDecisive, decisive, type Finding } from "./rule.ts";
import { iso, asSentence, shortRun, asClause } from "./words.ts";

/**
 * Evaluate the holds that affect the issue. `from`: epoch ms until which it waits in any case, so that a hold that ends before then does not
 * matter.
 */
export function evaluateHolds(facts: WhyFacts, from = facts.now): Finding[] {
  const { ref, holds } = facts;
  if (holds.length === 0) return [notDecisive("hold", `no hold on the queue or on ${ref.owner}/${ref.repo}`)];
  // Report the hold that lasts longest.
  const longest = holds.toSorted((a, b) => (b.until ?? Infinity) - (a.until ?? Infinity));
  return longest.map((hold) => evaluateHold(hold, facts, from));
}

function evaluateHold(hold: Hold, facts: WhyFacts, from: number): Finding {
  const { now, ref } = facts;
  const { name, reason, by, since, until, run } = hold;
  const known = holdWords(name);
  const what = name === repositoryHold(ref) ? `${ref.owner}/${ref.repo} is held` : asClause(known.what, 80);
  const tryNow = known.byHand && name !== OPERATOR ? `To try now: tac8 resume ${asClause(name, 120)}.` : "";
  const advice = [known.advice, tryNow].filter((part) => part !== "").join(" ");
  const end = until === null ? "" : ` until ${moment(until, now)}`;
  const why = reason === "" ? "" : `: ${asClause(reason)}`;
  const whose = `${asClause(by, 80)} ${atMoment(since, now)}${run === undefined ? "" : `, run ${shortRun(run)}`}`;
  const text = `${what}${end}${why} (set by ${whose})`;
  const evidence = {
    name,
    reason: asClause(reason),
    by: asClause(by, 80),
    since: iso(since),
    until: iso(until),
    run: run ?? null,
  };
  if (until !== null && until <= from) return notDecisive("hold", text, evidence);
  const setBy = name === "operator" ? ` by ${asClause(by, 80)}` : "";
  return decisive("hold", text, evidence, `${asSentence(`${what}${end}${setBy}${why}`)} ${advice}`.trim());
}

/** Evaluate a deferred job: it was at the head of the queue, but a runner's labels or a limit prevented its start. */
export function evaluatePlace({ record, runners, now }: WhyFacts): Finding[] {
  const { hold } = record.job;
  if (hold === null || !isDeferral(hold)) return [];
  const fit = runners.filter(({ labels = [], format = 0 }) => canProcess(hold, { labels, format }));
  const present = fit.filter(({ at }) => now - at <= RUNNER_OFFLINE_MS);
  const text = asClause(deferralWords(hold), 200);
  const none =
    present.length === 0
      ? `no such runner is running: ${labelsOfReason(hold) === null ? "upgrade one" : "start one with this label in runner.labels"}`
      : null;
  const then = none ?? "It is next in its priority when a place is free.";
  const whole = none === null ? text : `${text}, and ${none}`;
  const answer = none === null ? `${asSentence(text)} ${then}` : asSentence(whole);
  return [decisive("place", whole, { hold: asClause(hold, 120), runners: present.length }, answer)];
}

/** Evaluate whether the queue is paused without a hold. */
export function evaluatePause({ queue, holds, ref }: WhyFacts): Finding[] {
  const held = holds.some(({ name }) => name !== repositoryHold(ref));
  if (!queue.paused || held) return [];
  const answer =
    "The queue is paused without a hold: the scheduler resumes it within seconds when it is running. See tac8 status.";
  return [decisive("queue", "the queue is paused, but there is no hold", {}, answer)];
}

/** Evaluate the limit of the whole queue: for a probe of the breaker, or by an operator. */
export function evaluateLimit({ queue, breaker }: WhyFacts): Finding[] {
  const { limit, active } = queue;
  const probing = breaker.phase === "probing";
  if (limit === null) {
    return breaker.phase === "closed" ? [notDecisive("breaker", "the breaker is closed")] : [];
  }
  const evidence = { limit, active, breaker: breaker.phase };
  const whose = probing
    ? `the breaker allows ${limit} at a time as a probe`
    : `the whole queue is limited to ${limit} at a time`;
  const text = `${whose}, and ${active} ${active === 1 ? "is" : "are"} running`;
  if (active < limit) return [notDecisive("breaker", text, evidence)];
  const then = probing ? "When it succeeds, all continue." : "It starts when one of them ends.";
  return [decisive("breaker", text, evidence, `${asSentence(text)} ${then}`)];
}
