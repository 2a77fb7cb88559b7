import type { Config } from "../config/resolve.ts";
import { closingCauses } from "../domain/admission.ts";
import type { Hold } from "../domain/holds.ts";
import type { Snapshot } from "../status/snapshot.ts";
import { runnerAdmission } from "../state/admission.ts";
import { keepsPolling } from "../state/presence.ts";
import { evaluateMachines } from "./evaluateMachines.ts";
import type { HealthKind } from "../domain/healthKinds.ts";
import { healthOf, type FoundReason, type Health } from "../domain/healthLevels.ts";
import { FLEET, type HostLimits } from "../domain/thresholds.ts";
import { Hysteresis } from "./hysteresis.ts";

export interface HealthGiven {
  /** Epoch ms. */
  readonly now: number;
  readonly pollSeconds: number;
  /** The configuration's `[host]`. */
  readonly limits: HostLimits;
}

export function healthGiven({ coordinator, host }: Pick<Config, "coordinator" | "host">, now: number): HealthGiven {
  return { now, pollSeconds: coordinator.poll_interval_seconds, limits: host };
}

/** Evaluate the health of tac8. Pure. A problem of the scheduler's last evaluation remains until the value is better by a margin. */
export function evaluateHealth(snapshot: Snapshot, given: HealthGiven): Health {
  const hysteresis = new Hysteresis(snapshot.evaluation);
  return healthOf([
    ...evaluateScheduler(snapshot, given),
    ...evaluateSharing(snapshot),
    ...evaluateRunners(snapshot),
    ...evaluateConfigurations(snapshot),
    ...evaluateAgents(snapshot),
    ...evaluateRedis(snapshot, hysteresis),
    ...evaluateMachines(snapshot, given.limits, hysteresis),
    ...evaluateHolds(snapshot),
    ...evaluateEnds(snapshot, given, hysteresis),
    ...evaluateGitHub(snapshot, given, hysteresis),
  ]);
}

const everywhere = { host: null, action: null } as const;

function evaluateScheduler({ scheduler }: Snapshot, { now, pollSeconds }: HealthGiven): FoundReason[] {
  const trouble = (text: string): FoundReason[] => [{ ...everywhere, level: "critical", code: "scheduler", text }];
  if (scheduler === null) return trouble("no scheduler is running: start it");
  const { error } = scheduler;
  if (keepsPolling(scheduler, { now, pollSeconds })) {
    if (error === null) return [];
    return [{ ...everywhere, level: "warning", code: "scheduler-trouble", text: `the scheduler reports: ${error}` }];
  }
  const seen = now - scheduler.at <= Math.max(3000 * pollSeconds, 90_000);
  if (!seen) return trouble("the scheduler no longer reports its state: check that it is running");
  return trouble(`the scheduler cannot reach GitHub: ${error ?? "no poll has finished recently; see its log"}`);
}

function evaluateSharing({ scheduler }: Snapshot): FoundReason[] {
  const text = scheduler?.sharing;
  return text === undefined ? [] : [{ ...everywhere, level: "warning", code: "sharing", text }];
}

function evaluateRunners({ runners, offline }: Snapshot): FoundReason[] {
  const lost = offline.map(({ name, at }): FoundReason => {
    const text = `${name} sent its last heartbeat at ${new Date(at).toISOString()} and did not shut down cleanly: check that it is running`;
    return { ...everywhere, level: "warning", code: `runner-offline:${name}`, text };
  });
  if (runners.length === 0) {
    const text = "no runner is running, so no issue is processed: start one";
    return [{ ...everywhere, level: "critical", code: "no-runner", text }, ...lost];
  }
  const resting = runners.flatMap((runner): FoundReason[] => {
    const admission = runnerAdmission(runner);
    if (admission.state !== "closed") return [];
    const isPaused = admission.causes.every(({ code, effect }) => effect !== "closed" || code === "paused");
    const kind: HealthKind = isPaused ? "paused" : "overloaded";
    const text = `${runner.name} does not accept new jobs: ${closingCauses(admission)}`;
    return [{ ...everywhere, level: "warning", code: `${kind}:${runner.name}`, text }];
  });
  if (resting.length < runners.length) return [...resting, ...lost];
  const text = "no runner accepts new jobs: see the reason of each";
  return [{ ...everywhere, level: "degraded", code: "all-rest", text }, ...resting, ...lost];
}

/** Find machines whose configuration or version differs from others. */
function evaluateConfigurations({ runners }: Snapshot): FoundReason[] {
  const newest = Math.max(0, ...runners.map(({ format = 0 }) => format));
  return runners.flatMap(({ name, otherLimits = [], format = 0 }): FoundReason[] => {
    const warn = (code: HealthKind, text: string): FoundReason[] => {
      return [{ ...everywhere, level: "warning", code: `${code}:${name}`, text: `${name} ${text}` }];
    };
    const keys = otherLimits.join(", ");
    return [
      ...(keys === ""
        ? []
        : warn("limits", `is configured with a different ${keys} than the scheduler, whose limits apply`)),
      ...(format < newest ? warn("older-runner", `runs an older version than other runners: upgrade it`) : []),
    ];
  });
}

/** Find warnings about agents, once for all runners, because they have the same configuration. */
function evaluateAgents({ runners }: Snapshot): FoundReason[] {
  const shared = runners.find(({ sharedHome }) => sharedHome)?.sharedHome;
  const open = runners.find(({ isolation }) => isolation?.advice)?.isolation;
  const warn = (code: HealthKind, { text, advice }: { text: string; advice: string | null }): FoundReason => {
    return { ...everywhere, level: "warning", code, text: `${text}: ${advice ?? ""}` };
  };
  return [...(open ? [warn("isolation", open)] : []), ...(shared ? [warn("shared-home", shared)] : [])];
}

function evaluateRedis({ memory, writesToDisk }: Snapshot, hysteresis: Hysteresis): FoundReason[] {
  const reasons: FoundReason[] = [];
  if (!writesToDisk) {
    const text = "Redis cannot write to its disk and rejects all writes: check its log and the free disk space";
    reasons.push({ ...everywhere, level: "critical", code: "redis-disk", text });
  }
  if (memory.policy !== null && memory.policy !== "noeviction") {
    // Without a limit, Redis does not evict keys.
    const level = memory.max === 0 ? "warning" : "critical";
    const text = `Redis may delete jobs when its memory is full (maxmemory-policy ${memory.policy}): set maxmemory-policy noeviction`;
    reasons.push({ ...everywhere, level, code: "redis-policy", text });
  }
  if (memory.max === 0) return reasons;
  const used = (100 * memory.used) / memory.max;
  const text = `Redis uses ${Math.floor(used)} % of its maxmemory and rejects all writes at 100 %: raise maxmemory`;
  const code = "redis-memory";
  if (hysteresis.over(used, FLEET.redisPercent.closed, { code, level: "critical" })) {
    reasons.push({ ...everywhere, action: "hold", level: "critical", code, text });
  } else if (hysteresis.over(used, FLEET.redisPercent.warning, { code, level: "warning" })) {
    reasons.push({ ...everywhere, level: "warning", code, text });
  }
  return reasons;
}

function evaluateHolds({ holds }: Snapshot): FoundReason[] {
  return holds.flatMap((hold): FoundReason[] => {
    const { name, reason, by, until } = hold;
    if (name === HEALTH_HOLD) return []; // The cause of this hold is already among the reasons.
    const end = until === null ? "until it is resumed" : `until ${new Date(until).toISOString()}`;
    const text = `no new jobs start${placeOf(hold)} ${end} (hold ${name} by ${by}): ${reason}`;
    return [{ ...everywhere, level: levelOf(name), code: `hold:${name}`, text }];
  });
}

/** The hold that the scheduler sets for critical reasons. */
export const HEALTH_HOLD = "health";

/** Return the level of a hold. A hold by a user, and one that ends by itself, is only a warning. */
function levelOf(name: string): "warning" | "degraded" {
  return name === "auth" || name === "breaker" ? "degraded" : "warning";
}

function placeOf({ name }: Hold): string {
  return name.startsWith("repo:") ? ` of ${name.slice("repo:".length)}` : "";
}

const DAY_MS = 24 * 3_600_000;

function evaluateEnds({ ends }: Snapshot, { now }: HealthGiven, hysteresis: Hysteresis): FoundReason[] {
  const { window, warning, half } = FLEET.failedPercent;
  const newest = ends.filter(({ at }) => now - at <= DAY_MS).slice(-window);
  // Too few runs are not significant.
  if (newest.length * 2 < window) return [];
  const failed = newest.filter(({ succeeded }) => !succeeded).length;
  const rate = (100 * failed) / newest.length;
  const code = "failures";
  const text = `${failed} of the newest ${newest.length} runs failed: see tac8 report or tac8 list --state failed for the reasons; this warning ends when newer runs succeed, or one day after the failures`;
  if (hysteresis.over(rate, half, { code, level: "degraded" })) {
    return [{ ...everywhere, action: "slow", level: "degraded", code, text }];
  }
  if (!hysteresis.over(rate, warning, { code, level: "warning" })) return [];
  return [{ ...everywhere, level: "warning", code, text }];
}

function evaluateGitHub({ scheduler, runners }: Snapshot, { now }: HealthGiven, hysteresis: Hysteresis): FoundReason[] {
  const all = [scheduler, ...runners].flatMap((presence) => presence?.github?.rateLimit ?? []);
  const current = all.filter(({ limit, resetAt }) => limit > 0 && resetAt > now);
  const least = current.toSorted((a, b) => a.remaining / a.limit - b.remaining / b.limit)[0];
  if (least === undefined) return [];
  const left = (100 * least.remaining) / least.limit;
  const code = "github-rate-limit";
  const reset = new Date(least.resetAt).toISOString();
  const text = `${least.remaining} of ${least.limit} requests to GitHub are left until ${reset}: check what else uses this token`;
  if (hysteresis.under(left, FLEET.githubPercent.half, { code, level: "degraded" })) {
    return [{ ...everywhere, action: "slow", level: "degraded", code, text }];
  }
  if (!hysteresis.under(left, FLEET.githubPercent.warning, { code, level: "warning" })) return [];
  return [{ ...everywhere, level: "warning", code, text }];
}
