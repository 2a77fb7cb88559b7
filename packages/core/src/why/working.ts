import { formatAge, formatCents, formatCount, formatNumber } from "../domain/formats.ts";
import { MAX_LOST_IN_A_ROW, MAX_UNCHANGED_IN_A_ROW } from "../domain/brokenOff.ts";
import { MAX_NO_CHANGES } from "../domain/failures.ts";
import { formatUsage } from "../domain/usage.ts";
import { agentRunsOf, attemptsBegun, isAttemptOpen } from "../status/counts.ts";
import { moment } from "../status/times.ts";
import { RUNNER_OFFLINE_MS, type RunPresence } from "../state/presence.ts";
import type { WhyFacts } from "./facts.ts";
import { evaluateRepeated } from "./repeated.ts";
import { notDecisive, decisive, type Finding } from "./rule.ts";
import { withFullStop, verbWithReason, iso, asSentence, shortRun, asClause } from "./words.ts";
import { isPresent } from "./starting.ts";

/** Time after which a runner has reported a run that it started. */
const REPORTED_MS = 15_000;

const PHASE: Record<RunPresence["phase"], string> = {
  prepare: "preparing the workspace",
  work: "the agent is running",
  publish: "publishing",
  report: "reporting",
};

/** Evaluate the current run, and whether its runner is alive. `jobId`: job id of the issue. */
export function evaluateRun(facts: WhyFacts, jobId: string): Finding[] {
  const { runners, now, record } = facts;
  for (const runner of runners) {
    const run = isPresent(runner, now) ? runner.runs?.find((entry) => entry.issue === jobId) : undefined;
    if (run !== undefined) return [...livelyRun(run, facts)];
  }
  const since = record.since === null ? null : Date.parse(record.since);
  const name = record.run.runner;
  const evidence = { runner: name, run: record.run.id, since: record.since, lockMs: facts.job?.lockMs ?? null };
  if (name === null || (since !== null && now - since < REPORTED_MS)) {
    const text = `${name === null ? "a runner" : asClause(name, 60)} has just started it`;
    return [decisive("run", text, evidence, asSentence(text))];
  }
  return [lostRun(facts, name, evidence)];
}

function livelyRun(run: RunPresence, { now, record }: WhyFacts): Finding[] {
  const { slot, phase, since, last, tokens, costUsd } = run;
  const began = `running on ${asClause(slot, 60)} since ${moment(since, now)} (${formatAge(now - since)})`;
  const spent = tokens === 0 ? "" : `, ${formatNumber(tokens)} tokens, ${formatCents(costUsd)}`;
  const text = `${began}: ${PHASE[phase]}${spent}, run ${shortRun(run.run)}`;
  const evidence = { runner: slot, run: run.run, phase, since: iso(since), tokens, costUsd };
  const did =
    last === null ? "" : ` Last action ${formatAge(now - last.at)} ago: ${asClause(last.text || last.kind, 160)}.`;
  const lastRule =
    last === null
      ? notDecisive("last", "no output from the agent yet")
      : notDecisive("last", `${formatAge(now - last.at)} ago: ${asClause(last.text || last.kind, 160)}`, {
          at: iso(last.at),
          kind: asClause(last.kind, 60),
        });
  const phaseNow = phase === "work" ? "" : `, now ${PHASE[phase]}`;
  const answer = `${asSentence(`running on ${asClause(slot, 60)} since ${moment(since, now)} (${formatAge(now - since)})${phaseNow}`)}${did}`;
  return [decisive("run", text, { ...evidence, agentRuns: agentRunsOf(record) }, answer), lastRule];
}

/** Explain a run that no runner reports. A slot is named `<host>/<number>`, and its runner after its first slot, so the host identifies both. */
function lostRun({ runners, now, job, record }: WhyFacts, name: string, evidence: Finding["evidence"]): Finding {
  const host = name.slice(0, name.lastIndexOf("/"));
  const last = runners.filter((entry) => entry.host === host).toSorted((a, b) => b.at - a.at)[0];
  const isOffline = last === undefined || now - last.at > RUNNER_OFFLINE_MS;
  const lastSeen =
    last === undefined ? "is no longer running" : `sent its last heartbeat ${formatAge(now - last.at)} ago`;
  const silence = isOffline
    ? `its runner ${asClause(name, 60)} ${lastSeen}`
    : `its runner ${asClause(name, 60)} no longer reports it`;
  const lock = job?.lockMs ?? null;
  const then =
    lock === null
      ? "Its lock has expired: a runner starts it within seconds, if one is running."
      : `Another runner starts it when its lock expires, in ${formatAge(lock)} at most.`;
  const lost = `${formatCount(record.counts.lost, "run")} lost in a row without progress before this one; ${MAX_LOST_IN_A_ROW} count as a failure`;
  return decisive(
    "run",
    `${silence}; ${lost}`,
    { ...evidence, lastAt: iso(last?.at ?? null), lost: record.counts.lost },
    `${asSentence(silence)} ${then}`,
  );
}

/** Evaluate commands to end the run: an operator's stop, or a cancellation because of GitHub. */
export function evaluateCommands({ record }: WhyFacts): Finding[] {
  const { stop, cancel } = record.command;
  const findings: Finding[] = [];
  for (const [rule, verb, reason] of [
    ["cancel", "cancelled", cancel],
    ["stop", "stopped", stop],
  ] as const) {
    if (reason === null) continue;
    const how = verbWithReason(verb, asClause(reason));
    findings.push(
      decisive(rule, `it is to be ${how}`, { [rule]: asClause(reason) }, withFullStop(`It is being ${how}`)),
    );
  }
  return findings;
}

/** Evaluate the earlier attempts and runs. */
export function evaluateTries(facts: WhyFacts): Finding[] {
  const { job, record } = facts;
  const findings: Finding[] = [];
  if (job !== null) {
    const { attemptsMade: made, maxAttempts: max } = job;
    const begun = attemptsBegun(job, record);
    const open = isAttemptOpen(job.state, record);
    const text = open ? `attempt ${begun} of ${max}` : `${made} of ${formatCount(max, "attempt")} used`;
    findings.push(notDecisive("attempts", text, { made, begun, max }));
  }
  const runs = agentRunsOf(record);
  if (runs > 0) {
    const round = record.agent.runCount < runs ? "in this round " : "";
    const spent = record.agent.usage === null ? "" : `: ${round}${formatUsage(record.agent.usage)}`;
    findings.push(notDecisive("agents", `${formatCount(runs, "agent run")} so far${spent}`, { runs }));
  }
  findings.push(...evaluateRepeated(facts));
  if (record.counts.lost > 0) {
    const text = `${formatCount(record.counts.lost, "run")} in a row lost with the runner, without progress; ${MAX_LOST_IN_A_ROW} count as a failure`;
    findings.push(notDecisive("lost", text, { lost: record.counts.lost }));
  }
  if (record.counts.unchanged > record.counts.lost) {
    const text = `${formatCount(record.counts.unchanged, "run")} in a row lost with the runner, without a change in the workspace; ${MAX_UNCHANGED_IN_A_ROW} count as a failure`;
    findings.push(notDecisive("unchanged", text, { unchanged: record.counts.unchanged }));
  }
  if (record.counts.noChanges > 0) {
    const text = `${formatCount(record.counts.noChanges, "attempt")} without a change; ${MAX_NO_CHANGES} count as a failure`;
    findings.push(notDecisive("no-changes", text, { noChanges: record.counts.noChanges, max: MAX_NO_CHANGES }));
  }
  return findings;
}
