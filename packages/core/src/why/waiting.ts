import { WAITS_FOR } from "../domain/failureWords.ts";
import { FAILURE_KINDS } from "../domain/failures.ts";
import { formatAge, formatCount } from "../domain/formats.ts";
import { holdWords } from "../domain/holdWords.ts";
import { questionAskedAt, questionExpiresAt } from "../domain/questionExpiry.ts";
import { atMoment, moment } from "../status/times.ts";
import { entryInto, textOf } from "./ended.ts";
import type { WhyFacts } from "./facts.ts";
import { notDecisive, decisive, type Finding } from "./rule.ts";
import { withFullStop, iso, asSentence, shortRun, asClause } from "./words.ts";

/** Evaluate a delayed job: after a failure, or deferred by its runner. */
export function evaluateTime(facts: WhyFacts): Finding[] {
  const { job, record, now } = facts;
  const until = job?.until ?? null;
  if (job === null || until === null) return [];
  const { state } = record;
  const event = state === "retrying" || state === "parked" ? entryInto(facts, state) : null;
  const kind = textOf(event, "failure");
  const reason = asClause(event?.reason || record.end.reason);
  const run = textOf(event, "run");
  const source = event === null ? "" : ` (by ${asClause(event.by, 80)}${run === null ? "" : `, run ${shortRun(run)}`})`;
  const evidence = { until: iso(until), state, failure: kind, reason, since: record.since, run };
  const over = until <= now;
  const at = over ? `since ${moment(until, now)}` : `until ${moment(until, now)}, in ${formatAge(until - now)}`;
  if (state === "retrying") {
    const text = `attempt ${job.attemptsMade} of ${job.maxAttempts} failed${kind === null ? "" : ` (${kind})`}: ${reason}`;
    if (over)
      return [notDecisive("time", `${text}; its next attempt was due ${atMoment(until, now)}${source}`, evidence)];
    const next = `Attempt ${job.attemptsMade + 1} of ${job.maxAttempts} starts ${atMoment(until, now)}, in ${formatAge(until - now)}.`;
    return [decisive("time", `${text}; it waits ${at}${source}`, evidence, `${asSentence(text)} ${next}`)];
  }
  if (state === "parked") {
    const known = FAILURE_KINDS.find((name) => name === kind);
    const what = known === undefined ? null : WAITS_FOR[known];
    const text = `parked ${at}${kind === null ? "" : ` (${kind})`}: ${reason}${source}`;
    if (over) return [notDecisive("time", text, evidence)];
    const waits = what === null ? "It is parked" : `It is waiting for ${what}`;
    const tries = `${waits}. It is tried again ${atMoment(until, now)}, in ${formatAge(until - now)}, without using an attempt`;
    return [decisive("time", text, evidence, `${withFullStop(`${tries}: ${reason}`)}${sooner(facts)}`)];
  }
  const text = `its runner deferred it ${at}`;
  return [
    over
      ? notDecisive("time", text, evidence)
      : decisive("time", text, evidence, `${asSentence(text)} Then a runner starts it.`),
  ];
}

/** Return how to end the wait earlier, if it is for a hold. */
function sooner({ record, holds }: WhyFacts): string {
  const { hold } = record.job;
  if (hold === null || !holds.some(({ name }) => name === hold)) return "";
  return ` ${holdWords(hold).advice} To try now: tac8 resume ${asClause(hold, 120)}.`;
}

/** Evaluate the question of a blocked issue. */
export function evaluateQuestion(facts: WhyFacts): Finding[] {
  const { record, now, settings, job } = facts;
  const asked = questionAskedAt(record);
  const since = asked === null ? "" : ` since ${moment(asked, now)}`;
  const question = asClause(record.question.text, 160);
  const quoted = question === "" ? "" : `: “${question}”`;
  const evidence = {
    since: record.since,
    question,
    comment: record.question.commentId,
    answeredBy: record.question.reply?.author ?? null,
  };
  if (record.question.reply !== null) {
    const text = `its question was answered by ${asClause(record.question.reply.author, 60)}`;
    return [notDecisive("question", `${text}${quoted}`, evidence)];
  }
  const until = questionExpiresAt(record, settings.blockedExpiresMs);
  const expires = until === null ? "" : `; it expires ${atMoment(until, now)}`;
  const where = job === null || job.url === "" ? "on the issue" : `at ${job.url}`;
  const isWithheld = record.work.withheld !== null;
  const answer = isWithheld
    ? `Its finished work is withheld${since}${quoted} The comment ${where} explains how to publish or change it.`
    : `It is blocked by a question${since}${quoted} Reply ${where} to continue the work.`;
  return [
    decisive(
      "question",
      `${isWithheld ? "withheld work that needs a decision" : "a question without a reply"}${since}${expires}${quoted}`,
      { ...evidence, expires: iso(until) },
      answer,
    ),
  ];
}

/** Evaluate a blocked job whose reply is recorded, but which is still delayed. */
export function evaluateUnrecorded({ job, now }: WhyFacts): Finding[] {
  if (job?.state !== "delayed" || job.until === null || job.until <= now) return [];
  const text = "the reply is recorded, and the scheduler has not resumed the job yet";
  return [decisive("wake", text, {}, `${asSentence(text)} Its next poll does.`)];
}

/** Evaluate an issue that has not ended and has no job in the queue. */
export function evaluateMissing({ job, record }: WhyFacts): Finding[] {
  const was = record.state ?? "new";
  const runs = record.agent.runCount > 0 ? ` after ${formatCount(record.agent.runCount, "agent run")}` : "";
  const where =
    job === null
      ? "its job is missing from the queue"
      : job.state === null
        ? "its job is in no list of the queue"
        : `the state of its job in the queue is ${job.state}`;
  const text = `${where}, but the issue is ${was}${runs}`;
  const then = "The scheduler queues it again with its next poll if it still has the label. Its work so far is kept.";
  return [decisive("job", text, { state: record.state, job: job?.state ?? null }, `${asSentence(text)} ${then}`)];
}
