import type { Redis } from "ioredis";
import { BUDGET_HOLD } from "../domain/budget.ts";
import { OPERATOR, planHolds, type Hold } from "../domain/holds.ts";
import { parsePause, type Pause } from "../domain/pause.ts";
import { liftBudget } from "./budget.ts";
import { appendEvent } from "./events.ts";
import { clearHold, readHolds, setHold } from "./holds.ts";
import { PAUSES_CHANNEL, PAUSES_KEY } from "./keys.ts";
import { idOf, type RunnerRef } from "./presence.ts";

export interface PauseRequest {
  /** `user@host`, `board`, `SIGUSR1`. */
  readonly by: string;
  readonly reason: string;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Pause all runners until `resumeAll`: no new job starts, and running jobs continue. The scheduler pauses the queue at its next check.
 * @returns the current hold, and whether it `began` with this call
 */
export async function pauseAll(
  redis: Redis,
  { by, reason, now }: PauseRequest,
): Promise<{ readonly began: boolean; readonly hold: Hold }> {
  const requested: Hold = { name: OPERATOR, by, reason, since: now, until: null };
  const began = await setHold(redis, requested);
  const there = (await readHolds(redis)).find(({ name }) => name === OPERATOR);
  return { began, hold: there ?? requested };
}

/** End the operator's pause. @returns whether there was one, and the remaining holds */
export async function resumeAll(
  redis: Redis,
  { by, now }: Pick<PauseRequest, "by" | "now">,
): Promise<{ readonly ended: boolean; readonly holds: readonly Hold[] }> {
  return endHold(redis, { name: OPERATOR, by, now });
}

/** End a hold by its name, after an operator has fixed its cause. @returns whether there was one, and the remaining holds */
export async function endHold(
  redis: Redis,
  { name, by, now }: Pick<PauseRequest, "by" | "now"> & { readonly name: string },
): Promise<{ readonly ended: boolean; readonly holds: readonly Hold[] }> {
  if (name === BUDGET_HOLD) {
    // A page that was opened before midnight still has the button of the previous day. It must not lift the limits of the new day.
    const { live } = planHolds(await readHolds(redis), now);
    if (!live.some((hold) => hold.name === BUDGET_HOLD)) return { ended: false, holds: live };
    // Lift the budget before the hold ends, or the scheduler sets the hold again.
    await liftBudget(redis, now);
  }
  const ended = await clearHold(redis, name, by, "ended by a user");
  return { ended, holds: planHolds(await readHolds(redis), now).live };
}

/** Pause a runner until `resumeRunner`, also after a restart: it accepts no new jobs. @returns the current pause */
export async function pauseRunner(
  redis: Redis,
  { runner, by, reason, now }: PauseRequest & { readonly runner: RunnerRef },
): Promise<{ readonly began: boolean; readonly pause: Pause }> {
  const before = await readPause(redis, runner);
  if (before !== null) return { began: false, pause: before };
  const { name } = runner;
  const id = idOf(runner);
  const requested: Pause = { by, reason, since: now, name };
  const began = (await redis.hsetnx(PAUSES_KEY, id, JSON.stringify(requested))) === 1;
  const there = began ? requested : ((await readPause(redis, runner)) ?? requested);
  if (began) {
    await appendEvent(redis, {
      event: "runner:paused",
      issue: "",
      from: "",
      by,
      reason: `runner ${name} paused: ${reason}`,
      evidence: { runner: name, pause: "begun" },
    });
  }
  await redis.publish(PAUSES_CHANNEL, id);
  return { began, pause: there };
}

/** Resume a runner. @returns the pause that ended; null: there was none */
export async function resumeRunner(
  redis: Redis,
  { runner, by }: { readonly runner: RunnerRef; readonly by: string },
): Promise<Pause | null> {
  const there = await readPause(redis, runner);
  if ((await redis.hdel(PAUSES_KEY, ...keysOf(runner))) === 0) return null;
  await appendEvent(redis, {
    event: "runner:resumed",
    issue: "",
    from: "",
    by,
    reason: `runner ${runner.name} resumed`,
    evidence: { runner: runner.name, pause: "ended" },
  });
  await redis.publish(PAUSES_CHANNEL, idOf(runner));
  return there;
}

export async function readPause(redis: Redis, runner: RunnerRef): Promise<Pause | null> {
  const found = await redis.hmget(PAUSES_KEY, ...keysOf(runner));
  return found.map(parsePause).find((pause) => pause !== null) ?? null;
}

/** Return the pauses of all runners, by id, including offline runners. A pause by an older version has the runner's former id. */
export async function readPauses(redis: Redis): Promise<ReadonlyMap<string, Pause>> {
  const all = await redis.hgetall(PAUSES_KEY);
  const known = Object.entries(all).flatMap(([runner, json]): [string, Pause][] => {
    const pause = parsePause(json);
    return pause === null ? [] : [[runner, pause]];
  });
  return new Map(known.toSorted(([a, one], [b, other]) => pausedName(a, one).localeCompare(pausedName(b, other))));
}

/** Return the runner's pause among the results of `readPauses`; null: none. Pure. */
export function pauseOf(pauses: ReadonlyMap<string, Pause>, runner: RunnerRef): Pause | null {
  for (const key of keysOf(runner)) {
    const pause = pauses.get(key);
    if (pause !== undefined) return pause;
  }
  return null;
}

/** Return the display name of the runner in an entry of `readPauses`. Pure. */
export function pausedName(key: string, { name }: Pause): string {
  return name ?? key;
}

function keysOf(runner: RunnerRef): string[] {
  return [...new Set([idOf(runner), runner.formerId ?? idOf(runner)])];
}
