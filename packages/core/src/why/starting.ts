import { formatAge, formatCount } from "../domain/formats.ts";
import { moment } from "../status/times.ts";
import { admissionText, type Admission } from "../domain/admission.ts";
import { runnerAdmission } from "../state/admission.ts";
import { pauseOf } from "../state/pause.ts";
import { RUNNER_OFFLINE_MS, type RunnerPresence } from "../state/presence.ts";
import type { WhyFacts } from "./facts.ts";
import { notDecisive, decisive, type Finding } from "./rule.ts";
import { iso, asSentence, asClause } from "./words.ts";

/** Maximum number of runners that are named. */
const MAX_NAMED = 5;

export function isPresent({ at }: RunnerPresence, now: number): boolean {
  return now - at <= RUNNER_OFFLINE_MS;
}

/** Return the number of free slots of runners that accept this job. */
export function freeSlots(facts: WhyFacts): number {
  return fitRunners(facts).reduce((sum, { slots, busy }) => sum + Math.max(0, slots - busy), 0);
}

function fitRunners(facts: WhyFacts): RunnerPresence[] {
  return facts.runners.filter(
    (runner) => isPresent(runner, facts.now) && admissionNow(runner, facts).state !== "closed",
  );
}

/** Evaluate whether a runner accepts the job. */
export function evaluateRunners(facts: WhyFacts): Finding[] {
  const { now, runners } = facts;
  const present = runners.filter((runner) => isPresent(runner, now)).toSorted((a, b) => a.name.localeCompare(b.name));
  if (present.length === 0) return [noRunner(facts)];
  const each = present.map((runner) => loadOf(runner, facts));
  const more = each.length > MAX_NAMED ? ` · and ${each.length - MAX_NAMED} more` : "";
  const list = each.slice(0, MAX_NAMED).join(" · ") + more;
  const fit = fitRunners(facts);
  const sum = (of: "slots" | "busy") => fit.reduce((total, runner) => total + runner[of], 0);
  const evidence = { runners: present.length, taking: fit.length, slots: sum("slots"), busy: sum("busy") };
  if (fit.length === 0) {
    const all = present.length === 1 ? "the only runner accepts" : `all ${present.length} runners accept`;
    return [decisive("runners", `${all} no new jobs: ${list}`, evidence, asSentence(`${all} no new jobs: ${list}`))];
  }
  if (freeSlots(facts) > 0) return [notDecisive("runners", `a slot is free: ${list}`, evidence)];
  const slots = evidence.slots === 1 ? "the only slot is" : `all ${evidence.slots} slots are`;
  const text = `${slots} busy: ${list}`;
  return [
    decisive(
      "runners",
      text,
      evidence,
      `${asSentence(`it is waiting for a free slot: ${slots} busy`)} ${turnOf(facts)}`,
    ),
  ];
}

/** Return the admission of a runner, with its pause in Redis, which the runner may not have read yet. */
function admissionNow(runner: RunnerPresence, { pauses }: WhyFacts): Admission {
  return runnerAdmission(runner, pauseOf(pauses, runner));
}

function noRunner({ runners, now }: WhyFacts): Finding {
  const last = runners.toSorted((a, b) => b.at - a.at)[0];
  const lastSeen =
    last === undefined ? "" : `: ${asClause(last.name, 60)} sent its last heartbeat ${formatAge(now - last.at)} ago`;
  const evidence = { runners: 0, last: last?.name ?? null, lastAt: iso(last?.at ?? null) };
  return decisive(
    "runners",
    `no runner is running${lastSeen}`,
    evidence,
    `No runner is running${lastSeen}. Start one.`,
  );
}

function loadOf(runner: RunnerPresence, facts: WhyFacts): string {
  const name = asClause(runner.name, 60);
  const admission = admissionNow(runner, facts);
  const pause = pauseOf(facts.pauses, runner);
  const since = pause === null ? "" : ` since ${moment(pause.since, facts.now)}`;
  if (admission.state === "closed") return `${name} is ${asClause(admissionText(admission), 160)}${since}`;
  const busy = `${name} has ${runner.busy} of ${formatCount(runner.slots, "slot")} busy`;
  return admission.state === "open" ? busy : `${busy} and is ${asClause(admissionText(admission), 160)}`;
}

/** Evaluate the jobs ahead of this one. */
export function evaluatePosition(facts: WhyFacts): Finding[] {
  const { job } = facts;
  if (job?.state !== "waiting" && job?.state !== "prioritized") return [];
  const { ahead, priority } = job;
  const level = `P${Math.max(0, Math.ceil(priority / 2) - 1)}`;
  const evidence = { ahead, priority: level };
  const first = "started work first, then in queue order";
  if (ahead === null)
    return [decisive("position", `many issues are ahead of it (${level}; ${first})`, evidence, turnOf(facts))];
  if (ahead === 0) return [notDecisive("position", `no issue is ahead of it (${level})`, evidence)];
  const text = `${formatCount(ahead, "issue is", "issues are")} ahead of it (${level}; ${first})`;
  if (ahead < freeSlots(facts)) return [notDecisive("position", text, evidence)];
  return [decisive("position", text, evidence, turnOf(facts))];
}

function turnOf({ job }: WhyFacts): string {
  const ahead = job?.ahead ?? null;
  if (ahead === null) return "Many issues are ahead of it.";
  return ahead === 0 ? "It is next." : `${formatCount(ahead, "issue is", "issues are")} ahead of it.`;
}
